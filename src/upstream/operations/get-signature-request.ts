import type { CallOptions, UpstreamClient } from '../call.ts';
import { decodeSignatureRequest } from '../decode.ts';
import type { SignatureRequest } from '../decode.ts';
import { path } from '../call.ts';

/**
 * `getSignatureRequest`. Once SIGNED, each read creates download URLs that are valid for 5 minutes.
 * @throws {UpstreamError} `not-found` when no request of this issuer has the id.
 */
export async function getSignatureRequest(
  client: UpstreamClient,
  id: string,
  options?: CallOptions,
): Promise<SignatureRequest> {
  const operation = 'getSignatureRequest';
  const call = {
    operation,
    method: 'GET',
    effect: 'read',
    mayCoalesce: true,
    path: path(operation)`/signature-requests/${id}`,
    expect: [200],
  } as const;
  return client.call({ ...call, decode: decodeSignatureRequest }, options);
}
