/** Why a document is not sent, by codes of its own. `docs/reference/errors.md` has them. */
export type DownloadErrorCode =
  | 'METHOD_NOT_ALLOWED'
  | 'NOT_FOUND'
  | 'FILE_GONE'
  | 'PRECONDITION_FAILED'
  | 'RANGE_NOT_SATISFIABLE'
  | 'DOWNLOAD_UNAVAILABLE'
  | 'STORAGE_UNAVAILABLE'
  | 'STORAGE_TIMEOUT'
  | 'STORAGE_REFUSED';

export const DOWNLOAD_ANSWERS: Readonly<
  Record<DownloadErrorCode, { readonly status: number; readonly message: string }>
> = {
  METHOD_NOT_ALLOWED: { status: 405, message: 'Documents are read: GET or HEAD.' },
  // Alike for what is not there, not yours and not signed.
  NOT_FOUND: { status: 404, message: 'No signed document that you may see has this address.' },
  FILE_GONE: {
    status: 410,
    message: 'The document was signed, and its file is no longer kept: files vanish 90 days after signing.',
  },
  PRECONDITION_FAILED: { status: 412, message: 'The file is not the one that the request is about.' },
  RANGE_NOT_SATISFIABLE: { status: 416, message: 'The file has no such bytes.' },
  DOWNLOAD_UNAVAILABLE: {
    status: 503,
    message: 'Firma con IO gave no link to the file. Try again later.',
  },
  STORAGE_UNAVAILABLE: {
    status: 503,
    message: 'The storage of Firma con IO is not available. Try again later.',
  },
  STORAGE_TIMEOUT: { status: 504, message: 'The storage of Firma con IO did not answer in time. Try again.' },
  STORAGE_REFUSED: {
    status: 502,
    message: 'The storage of Firma con IO refused the link to the file, or answered what nobody knows.',
  },
};

/** A document is not sent. The message is for whoever asked. */
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
