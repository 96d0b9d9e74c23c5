import { STATUS_CODES } from 'node:http';
import { currentRequest } from '../observability/logging/request-scope.ts';
import { factsOf, UpstreamError } from '../upstream/failure.ts';
import type { DownloadFailure } from '../upstream/failure.ts';
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

/** The document that a request names. */
export interface DocumentAddress {
  readonly requestId: string;
  readonly documentId: string;
  /** `?download`: the browser saves the file instead of showing it. */
  readonly isAttachment: boolean;
}

const ROUTE = /^\/documents\/([^/]+)\/([^/]+)\.pdf$/;

/** `/documents/{requestId}/{documentId}.pdf`. Undefined for any other URL. */
export function documentAddressOf(url: Pick<URL, 'pathname' | 'searchParams'>): DocumentAddress | undefined {
  const [, requestId, documentId] = ROUTE.exec(url.pathname) ?? [];
  if (requestId === undefined || documentId === undefined) return undefined;
  const ids = [decoded(requestId), decoded(documentId)] as const;
  const [request, document] = ids;
  if (request === undefined || document === undefined) return undefined;
  return { requestId: request, documentId: document, isAttachment: url.searchParams.has('download') };
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** The codes of failed downloads; `docs/reference/errors.md` describes them. */
export type DownloadErrorCode =
  | 'METHOD_NOT_ALLOWED'
  | 'NOT_FOUND'
  | 'PRECONDITION_FAILED'
  | 'RANGE_NOT_SATISFIABLE'
  | 'DOWNLOAD_UNAVAILABLE'
  | DownloadFailure;

export const DOWNLOAD_ANSWERS: Readonly<
  Record<DownloadErrorCode, { readonly status: number; readonly message: string }>
> = {
  METHOD_NOT_ALLOWED: { status: 405, message: 'Documents support GET and HEAD.' },
  // The same for a document that does not exist, is not accessible to the caller, or is not signed.
  NOT_FOUND: { status: 404, message: 'No signed document exists at this URL, or you have no access to it.' },
  FILE_GONE: {
    status: 410,
    message:
      'The document was signed, but its file has been deleted: the service keeps files for 90 days after signing.',
  },
  PRECONDITION_FAILED: { status: 412, message: 'The file does not match the conditions of the request.' },
  RANGE_NOT_SATISFIABLE: { status: 416, message: 'The requested range is outside the file.' },
  DOWNLOAD_UNAVAILABLE: {
    status: 503,
    message: 'Firma con IO returned no link to the file. Try again later.',
  },
  STORAGE_UNAVAILABLE: {
    status: 503,
    message: 'The storage of Firma con IO is not available. Try again later.',
  },
  STORAGE_TIMEOUT: { status: 504, message: 'The storage of Firma con IO did not answer in time. Try again.' },
  STORAGE_REFUSED: {
    status: 502,
    message: 'The storage of Firma con IO refused the link to the file, or returned an unexpected response.',
  },
};

/** A failed download. The message is for the client. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  readonly code: DownloadErrorCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: DownloadErrorCode,
    {
      headers = {},
      cause,
    }: { readonly headers?: Readonly<Record<string, string>>; readonly cause?: unknown } = {},
  ) {
    super(DOWNLOAD_ANSWERS[code].message, { cause });
    this.code = code;
    this.status = DOWNLOAD_ANSWERS[code].status;
    this.headers = headers;
  }
}

/** @throws {DownloadError} for a failure of the storage. */
export async function translatedRead<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (failure) {
    if (!(failure instanceof UpstreamError)) throw failure;
    const code = codeOf(failure);
    const isForLater = code === 'STORAGE_UNAVAILABLE' || code === 'STORAGE_TIMEOUT';
    const headers = isForLater ? { 'retry-after': String(failure.retryAfterSeconds ?? 5) } : {};
    throw new DownloadError(code, { headers, cause: failure });
  }
}

function codeOf({ kind, status }: UpstreamError): DownloadErrorCode {
  if (status === 412) return 'PRECONDITION_FAILED';
  return status === 416 ? 'RANGE_NOT_SATISFIABLE' : factsOf(kind).download;
}
