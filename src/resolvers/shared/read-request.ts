import { setTimeout as pause } from 'node:timers/promises';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { UpstreamError } from '../../upstream/failure.ts';
import type { UpstreamErrorKind } from '../../upstream/failure.ts';
import { getSignatureRequest } from '../../upstream/operations/get-signature-request.ts';
import { Deadline } from '../../upstream/pipeline/deadline.ts';
import type { GatewayContext } from '../context.ts';
import { WrongStatusError } from '../errors/domain-errors.ts';
import { translateUpstreamError } from '../errors/translate-upstream-error.ts';
import { authorizeAccess } from './authorize-access.ts';

/** Reads the current signature request, without a cache. @throws {NotFoundError} */
export function readRequest(context: GatewayContext, id: string): Promise<SignatureRequest> {
  const { upstream, watcher, signal } = context;
  return authorizeAccess(context, () =>
    watcher.record(id, () => getSignatureRequest(upstream, id, { signal })),
  );
}

/** Discards earlier reads of a request after a call that may have changed it, whether or not it was answered. */
export function invalidate({ loaders, watcher }: GatewayContext, id: string): void {
  loaders.signatureRequestById.clear(id);
  watcher.invalidate(id);
}

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

/**
 * The error for a call that the service refused. A 400 or 422 may mean a wrong status, which the service states in prose
 * only, so this reads the current status of the signature request.
 */
export async function statusRefusal(
  context: GatewayContext,
  id: string,
  allowed: readonly string[],
  failure: unknown,
): Promise<unknown> {
  const translation = translateUpstreamError(failure);
  const isRefusal =
    failure instanceof UpstreamError && (failure.kind === 'bad-request' || failure.kind === 'unprocessable');
  if (!isRefusal) return translation;
  const { status } = await readRequest(context, id);
  return allowed.includes(status) ? translation : new WrongStatusError(status, allowed);
}
