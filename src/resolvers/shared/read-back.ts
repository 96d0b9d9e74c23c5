import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayContext } from '../context.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { Deadline } from '../../upstream/pipeline/deadline.ts';
import { UpstreamError } from '../../upstream/failure/upstream-error.ts';
import type { UpstreamErrorKind } from '../../upstream/failure/failure-kinds.ts';
import { getSignatureRequest } from '../../upstream/operations/get-signature-request.ts';

/** For all reads together, in milliseconds. Also when the time of the operation is up: it is what its caller wants to know. */
const READ_BACK_MS = 5_000;
/** Before each read. The service may still be at work on a call whose connection broke. */
const PAUSES_MS = [0, 250, 500, 1_000, 2_000];

/** After these the call may have been carried out. A failure of the service (5xx) is its last word: one read is enough. */
const READS: Partial<Readonly<Record<UpstreamErrorKind, number>>> = {
  timeout: PAUSES_MS.length,
  'connection-lost': PAUSES_MS.length,
  'server-error': 1,
};

/**
 * Finds out what became of a change that works only once and was not answered, by reading the request.
 * @returns the request once it shows the change. Undefined when it does not, or when the failure leaves no doubt.
 */
export async function readBack(
  { upstream, watcher }: Pick<GatewayContext, 'upstream' | 'watcher'>,
  id: string,
  failure: unknown,
  isChanged: (request: SignatureRequest) => boolean,
): Promise<SignatureRequest | undefined> {
  if (!(failure instanceof UpstreamError)) return undefined;
  using deadline = new Deadline(READ_BACK_MS);
  const { signal } = deadline;
  for (const pauseMs of PAUSES_MS.slice(0, READS[failure.kind] ?? 0)) {
    await pause(pauseMs);
    try {
      const request = await watcher.record(id, () => getSignatureRequest(upstream, id, { signal }));
      if (isChanged(request)) return request;
    } catch (unread) {
      if (!(unread instanceof UpstreamError)) throw unread;
      if (signal.aborted) return undefined;
    }
  }
  return undefined;
}
