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
