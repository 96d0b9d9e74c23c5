import type { GatewayContext } from '../context.ts';
import { UPLOAD_URL_LIFETIME_MS } from '../upstream/operations/get-document-upload-url.ts';
import { uploadableDocument, uploadUrlOf } from './upload-document.ts';
import type { UploadTarget } from './upload-document.ts';

export interface UploadUrl {
  readonly url: string;
  readonly method: 'PUT';
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly expiresAt: Date;
}

/** What the storage wants besides the bytes and their `Content-Length`. */
const HEADERS = [
  { name: 'x-ms-blob-type', value: 'BlockBlob' },
  { name: 'content-type', value: 'application/pdf' },
];

/** @throws {NotFoundError} @throws {WrongStatusError} unless the request is DRAFT. */
export async function createUploadUrl(context: GatewayContext, input: UploadTarget): Promise<UploadUrl> {
  await uploadableDocument(context, input);
  const url = await uploadUrlOf(context, input);
  return { url, method: 'PUT', headers: HEADERS, expiresAt: expiryOf(url) };
}

/** The address says itself until when it is signed (`se`). */
function expiryOf(url: string): Date {
  const signedUntil = new Date(URL.parse(url)?.searchParams.get('se') ?? Number.NaN);
  return Number.isNaN(signedUntil.getTime()) ? new Date(Date.now() + UPLOAD_URL_LIFETIME_MS) : signedUntil;
}
