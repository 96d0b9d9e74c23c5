import type { GatewayContext } from '../context.ts';
import {
  getDocumentUploadUrl,
  UPLOAD_URL_LIFETIME_MS,
} from '../../upstream/operations/get-document-upload-url.ts';
import { statusRefusal } from '../errors/status-refusal.ts';

export interface UploadTarget {
  signatureRequestId: string;
  documentId: string;
}

/** Where to write a file, with the permission to do so. A secret. */
export interface UploadAddress {
  readonly url: string;
  readonly expiresAt: Date;
}

/** A new address to upload to. The status is checked again by the service: somebody may have changed it meanwhile. */
export async function uploadAddressOf(context: GatewayContext, target: UploadTarget): Promise<UploadAddress> {
  try {
    const url = await getDocumentUploadUrl(context.upstream, target, { signal: context.signal });
    return { url, expiresAt: expiryOf(url) };
  } catch (failure) {
    throw await statusRefusal(context, target.signatureRequestId, ['DRAFT'], failure);
  }
}

/** The address says itself until when it is signed (`se`). */
function expiryOf(url: string): Date {
  const signedUntil = new Date(URL.parse(url)?.searchParams.get('se') ?? Number.NaN);
  return Number.isNaN(signedUntil.getTime()) ? new Date(Date.now() + UPLOAD_URL_LIFETIME_MS) : signedUntil;
}
