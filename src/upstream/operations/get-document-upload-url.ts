import type { CallOptions, UpstreamClient } from '../client.ts';
import { decodeUploadUrl } from '../decode.ts';
import { path } from '../path.ts';

/** How long an upload URL lives, in milliseconds (manual, "Upload a document"). */
export const UPLOAD_URL_LIFETIME_MS = 15 * 60 * 1000;

/**
 * `getDocumentUploadUrl`: a signed address of the storage for one document, as a bare JSON string.
 * Every call gives a new one; it lives 15 minutes. Whoever has it may upload: it must not be logged.
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
