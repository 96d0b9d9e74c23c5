import type { GatewayContext } from '../context.ts';
import { requestUploadUrl, uploadableDocument } from './upload-document.ts';
import type { PresignedUrl, UploadTarget } from './upload-document.ts';

export interface UploadUrl extends PresignedUrl {
  readonly method: 'PUT';
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** The headers that the storage requires in addition to `Content-Length`. */
const HEADERS = [
  { name: 'x-ms-blob-type', value: 'BlockBlob' },
  { name: 'content-type', value: 'application/pdf' },
];

/** @throws {NotFoundError} @throws {WrongStatusError} unless the request is DRAFT. */
export async function createUploadUrl(context: GatewayContext, input: UploadTarget): Promise<UploadUrl> {
  await uploadableDocument(context, input);
  const presigned = await requestUploadUrl(context, input);
  // The client uploads the file without the gateway, so poll for the outcome.
  context.watcher.invalidate(input.signatureRequestId);
  return { ...presigned, method: 'PUT', headers: HEADERS };
}
