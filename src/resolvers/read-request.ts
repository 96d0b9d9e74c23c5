import type { GatewayContext } from '../context.ts';
import type { SignatureRequest } from '../upstream/decode.ts';
import { getSignatureRequest } from '../upstream/operations/get-signature-request.ts';
import { translated } from './translate-upstream-error.ts';

/** The request as it is now, past any cache. @throws {NotFoundError} */
export function readRequest({ upstream, signal }: GatewayContext, id: string): Promise<SignatureRequest> {
  return translated(getSignatureRequest(upstream, id, { signal }));
}
