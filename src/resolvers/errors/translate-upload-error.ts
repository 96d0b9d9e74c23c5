import { UploadError } from '../../uploads/file-upload.ts';
import type { UploadErrorKind } from '../../uploads/file-upload.ts';
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

/** The error for each kind of upload failure. */
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
 * Awaits work that reads an uploaded file, and translates its failure. An upstream call wraps the failure of the stream
 * that it sends, so an `UploadError` among the causes takes precedence.
 */
export async function translatedUpload<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (failure) {
    for (let cause: unknown = failure; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof UploadError) throw TRANSLATIONS[cause.kind](cause);
    }
    // The request ended while the upload waited for bytes or for a memory block.
    if (failure instanceof Error && failure.name === 'AbortError') throw new UploadInterruptedError();
    throw translateUpstreamError(failure);
  }
}
