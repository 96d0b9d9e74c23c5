import type { ApiBody, CallOptions, UpstreamClient } from '../call.ts';
import { decodeNothing } from '../decode.ts';
import { path } from '../call.ts';

/**
 * `setSignatureRequestStatus`: READY (from DRAFT, all documents READY) or CANCELLED (from WAIT_FOR_SIGNATURE only).
 * The body is a bare JSON string; the answer is a 204.
 * @throws {UpstreamError} `bad-request` when the current status does not permit it.
 */
export async function setSignatureRequestStatus(
  client: UpstreamClient,
  id: string,
  status: ApiBody<'setSignatureRequestStatus'>,
  options?: CallOptions,
): Promise<void> {
  const operation = 'setSignatureRequestStatus';
  const call = {
    operation,
    method: 'PUT',
    effect: 'write',
    path: path(operation)`/signature-requests/${id}/status`,
    body: status,
    expect: [204],
  } as const;
  return client.call({ ...call, decode: decodeNothing }, options);
}
