/** Returns the bytes of a file. Called once per reader, and throws an UploadError for every reader but the first. */
export type ReadFile = (signal?: AbortSignal) => AsyncGenerator<Buffer, void, void>;

/**
 * A file of a multipart request, as the `Upload` scalar passes it to resolvers. Its bytes are still arriving: they can be
 * read once, and are not stored.
 */
export class FileUpload {
  /** File name claimed by the client. Undefined until the first bytes are read. */
  filename: string | undefined;
  /** Media type claimed by the client. Undefined until the first bytes are read. */
  mimetype: string | undefined;
  /** The file has at most so many bytes, by the length of its request. `Infinity` if the request does not state it. */
  readonly atMostBytes: number;
  readonly #read: ReadFile;

  constructor(read: ReadFile, atMostBytes = Infinity) {
    this.#read = read;
    this.atMostBytes = atMostBytes;
  }

  /**
   * The bytes as they arrive, at the pace of the reader. A chunk is valid until the next one is requested, which frees its
   * memory. If the reader stops early, the rest is skipped.
   * @throws {UploadError}
   */
  read(signal?: AbortSignal): AsyncGenerator<Buffer, void, void> {
    return this.#read(signal);
  }

  /** How messages of graphql-js print it when a variable is invalid. The file name may be personal data. */
  toJSON(): string {
    return 'a file';
  }
}

/** Whether the value of a variable is a file, for `parseValue` of the `Upload` scalar. */
export function isFileUpload(value: unknown): value is FileUpload {
  return value instanceof FileUpload;
}

/**
 * Why a file could not be read from the client.
 *
 * - `not-a-pdf`, `empty`, `too-large`: the file itself is not acceptable.
 * - `truncated`: the multipart body is malformed, or ends inside the file.
 * - `client-gone`: the connection closed, or the request was answered, before the file was read.
 * - `stalled`: no byte arrived for `stallTimeoutMs`, or the body arrives too slowly.
 * - `missing`: `map` contains the file, the body does not.
 * - `unexpected`: the body has a file that `map` does not assign to a variable, or has a file twice.
 * - `out-of-order`: an unread file before the needed one is too large to buffer.
 * - `already-read`: two fields use one file, which is forwarded once and not stored.
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

/** A file could not be read from the client. The message is meant for that client. */
export class UploadError extends Error {
  override readonly name = 'UploadError';
  readonly kind: UploadErrorKind;
  /** The exceeded limit, for `too-large` and `out-of-order`. */
  readonly limitBytes: number | undefined;

  constructor(kind: UploadErrorKind, message: string, facts: { limitBytes?: number; cause?: unknown } = {}) {
    super(message, { cause: facts.cause });
    this.kind = kind;
    this.limitBytes = facts.limitBytes;
  }
}

/** The request is not a valid GraphQL multipart request (status 400), or exceeds a limit (413). */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
  readonly status: 400 | 413;

  constructor(status: 400 | 413, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** A name chosen by a client is cut to this length in messages. */
const MAX_NAME_LENGTH = 60;

/** A name of the client, quoted for a message. */
export const quoted = (name: string): string =>
  JSON.stringify(name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name);
