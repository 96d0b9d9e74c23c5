import { factsOf, UpstreamError } from '../upstream/failure.ts';
import type { DownloadFailure } from '../upstream/failure.ts';

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
