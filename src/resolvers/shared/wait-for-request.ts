import type { GatewayContext } from '../context.ts';
import { abortedBy } from '../../watching/watched-request.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { UpstreamError } from '../../upstream/failure.ts';

/** The maximum duration of the last read after the end of the wait. */
const LAST_READ_MS = 2_000;
/** The time that a wait leaves of the deadline of the operation: for the last read and for the response. */
const LEFT_AFTER_WAIT_MS = LAST_READ_MS + 500;
/** A read that started at most so long before the end of the wait replaces the last read. */
const LAST_READ_AGE_MS = 250;

export interface WaitOptions {
  readonly waitSeconds: number;
  readonly isDone: (request: SignatureRequest) => boolean;
}

/**
 * Waits until a read of the request satisfies `isDone`. When the wait or the operation reaches its deadline, or the gateway
 * shuts down, it reads the request a last time. All waits and subscriptions for a request share its reads. A temporary
 * failure of a read does not end the wait.
 * @returns the last state that was read, which need not satisfy `isDone`.
 * @throws {UpstreamError} if the service refuses the read, or the client disconnects.
 */
export async function waitForRequest(
  context: Pick<GatewayContext, 'watcher' | 'deadline' | 'signal' | 'lastCall'>,
  seen: SignatureRequest,
  { waitSeconds, isDone }: WaitOptions,
): Promise<SignatureRequest> {
  const { watcher, deadline, signal, lastCall } = context;
  if (isDone(seen) || waitSeconds <= 0) return seen;
  const beganAt = performance.now();
  const end = Promise.withResolvers<SignatureRequest>();
  let latest = seen;
  const watch = watcher.await(seen.id, {
    read({ request, startedAt }) {
      // A read that started before the wait may not show the effect of the mutation.
      if (startedAt < beganAt) return;
      latest = request;
      if (isDone(latest)) end.resolve(latest);
    },
    failed: (failure) => end.reject(failure),
  });
  const leave = (): void => end.reject(abortedBy(signal.reason));
  const readLast = async (): Promise<void> => {
    const lastSignal = AbortSignal.any([signal, AbortSignal.timeout(LAST_READ_MS)]);
    try {
      await watcher.read(seen.id, { signal: lastSignal, maxAgeMs: LAST_READ_AGE_MS });
    } catch (failure) {
      if (!(failure instanceof UpstreamError)) end.reject(failure);
    }
    end.resolve(latest);
  };
  const leftMs = deadline.endsAt - beganAt - LEFT_AFTER_WAIT_MS;
  const timer = setTimeout(() => void readLast(), Math.max(0, Math.min(waitSeconds * 1_000, leftMs)));
  const endSoon = (): void => void readLast();
  signal.addEventListener('abort', leave);
  lastCall.addEventListener('abort', endSoon);
  if (signal.aborted) leave();
  if (lastCall.aborted) endSoon();
  try {
    return await end.promise;
  } finally {
    watch.leave();
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
    lastCall.removeEventListener('abort', endSoon);
  }
}
