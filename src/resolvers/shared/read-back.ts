import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayContext } from '../context.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { Deadline } from '../../upstream/pipeline/deadline.ts';
import { UpstreamError } from '../../upstream/failure.ts';
import type { UpstreamErrorKind } from '../../upstream/failure.ts';
import { getSignatureRequest } from '../../upstream/operations/get-signature-request.ts';

/** The deadline of all reads together. It is independent of the deadline of the operation, which may have passed. */
const READ_BACK_MS = 5_000;
/** The pause before each read. The service may still be processing a call whose connection broke. */
const PAUSES_MS = [0, 250, 500, 1_000, 2_000];

/** The number of reads after each failure that leaves the outcome unknown. After a 5xx the service has ended the call, so one read suffices. */
const READS: Partial<Readonly<Record<UpstreamErrorKind, number>>> = {
  timeout: PAUSES_MS.length,
  'connection-lost': PAUSES_MS.length,
  'server-error': 1,
};

/**
 * Resolves the outcome of an unanswered call that changes a signature request, by reading the request.
 * @returns the request once it shows the change. Undefined if it does not, or if the failure proves that the call had no
 * effect.
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
