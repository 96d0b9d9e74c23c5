import type { BlobFacts } from '../upstream/storage/read-blob.ts';

/**
 * What browsers are told about every answer at the address of a document, refusals included: that it is for this caller
 * alone, is what it says it is, can do nothing, and is not to be part of other pages.
 */
export const GUARDS: Readonly<Record<string, string>> = {
  'cache-control': 'private, no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Of the storage's headers only these go on, and the type is always the one that a signed document has. */
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
