import type { CallOptions, UpstreamClient } from '../call.ts';
import { decodeUploadUrl } from '../decode.ts';
import { path } from '../call.ts';

/** Lifetime of an upload URL in milliseconds (manual, "Upload a document"). */
export const UPLOAD_URL_LIFETIME_MS = 15 * 60 * 1000;

/**
 * `getDocumentUploadUrl`: a pre-signed upload URL of one document, as a bare JSON string. It is valid for 15 minutes and must
 * not be logged, because it permits an upload. Every call creates a new URL; calls are not coalesced, because two uploads
 * to one URL would replace each other's blocks.
 * @throws {UpstreamError} `bad-request` when the request is not DRAFT, `not-found` for an unknown request or document.
 */
export async function getDocumentUploadUrl(
  client: UpstreamClient,
  { signatureRequestId, documentId }: { readonly signatureRequestId: string; readonly documentId: string },
  options?: CallOptions,
): Promise<string> {
  const operation = 'getDocumentUploadUrl';
  const call = {
    operation,
    method: 'GET',
    effect: 'read',
    path: path(operation)`/signature-requests/${signatureRequestId}/documents/${documentId}/upload_url`,
    expect: [200],
  } as const;
  return client.call({ ...call, decode: decodeUploadUrl }, options);
}
