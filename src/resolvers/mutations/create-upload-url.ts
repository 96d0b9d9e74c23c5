import type { GatewayContext } from '../context.ts';
import { uploadAddressOf } from '../shared/upload-url.ts';
import type { UploadAddress, UploadTarget } from '../shared/upload-url.ts';
import { uploadableDocument } from './upload-document.ts';

export interface UploadUrl extends UploadAddress {
  readonly method: 'PUT';
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** What the storage wants besides the bytes and their `Content-Length`. */
const HEADERS = [
  { name: 'x-ms-blob-type', value: 'BlockBlob' },
  { name: 'content-type', value: 'application/pdf' },
];

/** @throws {NotFoundError} @throws {WrongStatusError} unless the request is DRAFT. */
export async function createUploadUrl(context: GatewayContext, input: UploadTarget): Promise<UploadUrl> {
  await uploadableDocument(context, input);
  const address = await uploadAddressOf(context, input);
  // The file goes past the gateway: what comes of it shows in a moment.
  context.watcher.invalidate(input.signatureRequestId);
  return { ...address, method: 'PUT', headers: HEADERS };
}
