import type { GatewayContext } from '../context.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { getSignatureRequest } from '../../upstream/operations/get-signature-request.ts';
import { visible } from './authorize-access.ts';

/** The request as it is now, past any cache. @throws {NotFoundError} */
export function readRequest(context: GatewayContext, id: string): Promise<SignatureRequest> {
  const { upstream, watcher, signal } = context;
  return visible(context, () => watcher.record(id, () => getSignatureRequest(upstream, id, { signal })));
}
