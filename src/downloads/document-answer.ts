import { STATUS_CODES } from 'node:http';
import { currentRequest } from '../observability/logging/request-scope.ts';
import type { BlobFacts } from '../upstream/storage/blobs.ts';

/**
 * Headers of every answer at the URL of a document, refusals included: it is for this caller only, has the declared type,
 * may run nothing, and may not be embedded in other pages.
 */
const GUARDS: Readonly<Record<string, string>> = {
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

/** Why a document is not sent. */
export interface Problem {
  readonly status: number;
  /** As in `extensions.code` of GraphQL errors. */
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A problem document of RFC 9457 with two extension members. Without a `type`, the title is that of the status (section
 * 4.2.1). Records the code for the log.
 */
export function problemAnswer({ status, code, message, headers }: Problem): ProblemAnswer {
  const request = currentRequest();
  request?.record.errors.add(code);
  const title = STATUS_CODES[status];
  const requestId = request?.requestId;
  const problem = { title, status, detail: message, code, ...(requestId !== undefined && { requestId }) };
  return {
    status,
    headers: { ...headers, ...GUARDS, 'content-type': 'application/problem+json' },
    body: JSON.stringify(problem),
  };
}
