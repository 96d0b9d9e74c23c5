import type { GatewayContext } from '../context.ts';
import { abortedBy } from '../../watching/watched-request.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { UpstreamError } from '../../upstream/failure/upstream-error.ts';

/** When the time is up a last read may take so much longer. */
const LAST_READ_MS = 2_000;
/** What an operation keeps of its time, in milliseconds: for the last read, and for its answer. */
const LEFT_AFTER_WAIT_MS = LAST_READ_MS + 500;
/** What a read found that began so long before the end is as good as a last one. */
const LAST_READ_AGE_MS = 250;

export interface WaitOptions {
  readonly waitSeconds: number;
  readonly isDone: (request: SignatureRequest) => boolean;
}

/**
 * Waits until reads of a request show that it `isDone`, or until the time is up, that of the wait or that of the
 * operation, or the gateway has to end; then it is read once more. All who wait for or watch a request share its reads. A
 * read that fails in passing does not undo what was done before the wait: there will be another.
 * @returns the request as it was last seen, which need not satisfy `isDone`.
 * @throws {UpstreamError} when the service refuses, and when the client leaves.
 */
export async function waitForRequest(
  context: Pick<GatewayContext, 'watcher' | 'deadline' | 'signal' | 'ending'>,
  seen: SignatureRequest,
  { waitSeconds, isDone }: WaitOptions,
): Promise<SignatureRequest> {
  const { watcher, deadline, signal, ending } = context;
  if (isDone(seen) || waitSeconds <= 0) return seen;
  const beganAt = performance.now();
  const end = Promise.withResolvers<SignatureRequest>();
  let latest = seen;
  const watch = watcher.await(seen.id, {
    read({ request, startedAt }) {
      // What began before shows the request as it was before whatever the caller has done to it.
      if (startedAt < beganAt) return;
      latest = request;
      if (isDone(latest)) end.resolve(latest);
    },
    failed: (failure) => end.reject(failure),
  });
  const leave = (): void => end.reject(abortedBy(signal.reason));
  const lookOnce = async (): Promise<void> => {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(LAST_READ_MS)]);
    try {
      await watcher.read(seen.id, { signal: soon, maxAgeMs: LAST_READ_AGE_MS });
    } catch (failure) {
      if (!(failure instanceof UpstreamError)) end.reject(failure);
    }
    end.resolve(latest);
  };
  const leftMs = deadline.endsAt - beganAt - LEFT_AFTER_WAIT_MS;
  const timer = setTimeout(() => void lookOnce(), Math.max(0, Math.min(waitSeconds * 1_000, leftMs)));
  const hurry = (): void => void lookOnce();
  signal.addEventListener('abort', leave);
  ending.addEventListener('abort', hurry);
  if (signal.aborted) leave();
  if (ending.aborted) hurry();
  try {
    return await end.promise;
  } finally {
    watch.leave();
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
    ending.removeEventListener('abort', hurry);
  }
}
