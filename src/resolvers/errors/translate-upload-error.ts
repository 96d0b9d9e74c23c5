import { UploadError } from '../../uploads/upload-errors.ts';
import type { UploadErrorKind } from '../../uploads/upload-errors.ts';
import {
  EmptyFileError,
  FileOrderError,
  FileTooLargeError,
  InvalidInputError,
  NotAPdfError,
  UploadInterruptedError,
} from './domain-errors.ts';
import { translateUpstreamError } from './translate-upstream-error.ts';

const wrongFile = (failure: UploadError): Error =>
  new InvalidInputError([{ path: ['file'], message: failure.message }]);

/** The one table from a file that could not be taken to an error of the gateway. */
const TRANSLATIONS: Readonly<Record<UploadErrorKind, (failure: UploadError) => Error>> = {
  'not-a-pdf': () => new NotAPdfError(),
  empty: () => new EmptyFileError(),
  'too-large': ({ limitBytes }) => new FileTooLargeError(limitBytes ?? 0),
  truncated: () => new UploadInterruptedError(),
  'client-gone': () => new UploadInterruptedError(),
  stalled: () => new UploadInterruptedError(),
  'out-of-order': () => new FileOrderError(),
  missing: wrongFile,
  unexpected: wrongFile,
  'already-read': wrongFile,
};

/**
 * Awaits something that reads an uploaded file. A stream that was being sent on wraps the reason it broke in the
 * failure of the call, so causes are looked at before the call itself is blamed.
 * @throws the translation of what really failed.
 */
export async function translatedUpload<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (failure) {
    for (let cause: unknown = failure; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof UploadError) throw TRANSLATIONS[cause.kind](cause);
    }
    // Whoever waited for the client, or for memory, when the request had to end.
    if (failure instanceof Error && failure.name === 'AbortError') throw new UploadInterruptedError();
    throw translateUpstreamError(failure);
  }
}
