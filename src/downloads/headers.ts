import type { BlobFacts } from '../upstream/storage/read-blob.ts';

/**
 * Headers of every answer at the URL of a document, refusals included: it is for this caller only, has the declared type,
 * may run nothing, and may not be embedded in other pages.
 */
export const GUARDS: Readonly<Record<string, string>> = {
  'cache-control': 'private, no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Only these headers of the storage are forwarded, and the type is always that of a signed document. */
export function documentHeaders(
  { contentLength, contentRange, etag, lastModified }: BlobFacts,
  { disposition, hasContent }: { readonly disposition: string; readonly hasContent: boolean },
): Record<string, string> {
  return {
    ...GUARDS,
    'accept-ranges': 'bytes',
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { 'last-modified': lastModified }),
    ...(hasContent && {
      'content-type': 'application/pdf',
      'content-disposition': disposition,
      ...(contentLength !== undefined && { 'content-length': String(contentLength) }),
      ...(contentRange !== undefined && { 'content-range': contentRange }),
    }),
  };
}
