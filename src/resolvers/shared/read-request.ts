import type { GatewayContext } from '../context.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { getSignatureRequest } from '../../upstream/operations/get-signature-request.ts';
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
