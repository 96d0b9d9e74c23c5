import type { ApiBody, CallOptions, UpstreamClient } from '../call.ts';
import { decodeSignatureRequest } from '../decode.ts';
import type { SignatureRequest } from '../decode.ts';

/**
 * `createSignatureRequest`. Every call creates a new request in status DRAFT.
 * The service does not check that the signer exists.
 * @throws {UpstreamError} `not-found` for an unknown dossier, `bad-request` for an expiry that has passed.
 */
export function createSignatureRequest(
  client: UpstreamClient,
  body: ApiBody<'createSignatureRequest'>,
  options?: CallOptions,
): Promise<SignatureRequest> {
  const operation = 'createSignatureRequest';
  const call = {
    operation,
    method: 'POST',
    effect: 'write',
    path: '/signature-requests',
    body,
    expect: [201],
  } as const;
  return client.call({ ...call, decode: decodeSignatureRequest }, options);
}
