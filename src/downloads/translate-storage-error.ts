import { UpstreamError } from '../upstream/failure/upstream-error.ts';
import type { UpstreamErrorKind } from '../upstream/failure/failure-kinds.ts';
import { DownloadError } from './download-errors.ts';
import type { DownloadErrorCode } from './download-errors.ts';

/** The code of a download that a failure of the storage prevents. */
const CODES: Readonly<Record<UpstreamErrorKind, DownloadErrorCode>> = {
  'not-found': 'FILE_GONE',
  timeout: 'STORAGE_TIMEOUT',
  aborted: 'STORAGE_TIMEOUT', // the client has left
  unreachable: 'STORAGE_UNAVAILABLE',
  'connection-lost': 'STORAGE_UNAVAILABLE',
  'server-error': 'STORAGE_UNAVAILABLE',
  'rate-limited': 'STORAGE_UNAVAILABLE',
  'over-budget': 'STORAGE_UNAVAILABLE',
  'circuit-open': 'STORAGE_UNAVAILABLE',
  // The link has expired, is restricted to another IP address, or is invalid.
  unauthorized: 'STORAGE_REFUSED',
  forbidden: 'STORAGE_REFUSED',
  'bad-request': 'STORAGE_REFUSED',
  unprocessable: 'STORAGE_REFUSED',
  contract: 'STORAGE_REFUSED',
};

/** @throws DownloadError for a failure of the storage. */
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
  return status === 416 ? 'RANGE_NOT_SATISFIABLE' : CODES[kind];
}
