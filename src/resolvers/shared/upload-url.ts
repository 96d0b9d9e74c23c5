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

/** A pre-signed upload URL. A secret: it permits the upload without further credentials. */
export interface PresignedUrl {
  readonly url: string;
  readonly expiresAt: Date;
}

/** Requests a pre-signed upload URL. The service checks the status again: it may have changed since the last read. */
export async function requestUploadUrl(context: GatewayContext, target: UploadTarget): Promise<PresignedUrl> {
  try {
    const url = await getDocumentUploadUrl(context.upstream, target, { signal: context.signal });
    return { url, expiresAt: expiryOf(url) };
  } catch (failure) {
    throw await statusRefusal(context, target.signatureRequestId, ['DRAFT'], failure);
  }
}

/** The expiry in the URL (`se`), or the documented lifetime. */
function expiryOf(url: string): Date {
  const signedUntil = new Date(URL.parse(url)?.searchParams.get('se') ?? Number.NaN);
  return Number.isNaN(signedUntil.getTime()) ? new Date(Date.now() + UPLOAD_URL_LIFETIME_MS) : signedUntil;
}
