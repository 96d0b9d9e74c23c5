/**
 * Why a file could not be taken from the client.
 *
 * - `not-a-pdf`, `empty`, `too-large`: the file itself.
 * - `truncated`: the multipart body is malformed, or ended before the file did.
 * - `client-gone`: the connection closed, or the request was answered, before the file was read.
 * - `stalled`: no byte came for `stallTimeoutMs`.
 * - `missing`: `map` promises the file, the body does not have it.
 * - `unexpected`: the body has a file that `map` gives to no variable, or has one twice.
 * - `out-of-order`: a file stands before the one that is needed first and is too large to be kept meanwhile.
 * - `already-read`: two fields use one file; it passes through once and is not kept.
 */
export type UploadErrorKind =
  | 'not-a-pdf'
  | 'empty'
  | 'too-large'
  | 'truncated'
  | 'client-gone'
  | 'stalled'
  | 'missing'
  | 'unexpected'
  | 'out-of-order'
  | 'already-read';

/** A file that could not be taken from the client. The message is written for that client. */
export class UploadError extends Error {
  override readonly name = 'UploadError';
  readonly kind: UploadErrorKind;
  /** The limit that was passed, for `too-large` and `out-of-order`. */
  readonly limitBytes: number | undefined;

  constructor(kind: UploadErrorKind, message: string, facts: { limitBytes?: number; cause?: unknown } = {}) {
    super(message, { cause: facts.cause });
    this.kind = kind;
    this.limitBytes = facts.limitBytes;
  }
}
