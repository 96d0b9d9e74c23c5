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
   * The bytes as they arrive, at the pace of the reader. If the reader stops early, the rest is skipped.
   * @throws {UploadError}
   */
  read(signal?: AbortSignal): AsyncGenerator<Buffer, void, void> {
    return this.#read(signal);
  }
}

/** Whether the value of a variable is a file, for `parseValue` of the `Upload` scalar. */
export function isFileUpload(value: unknown): value is FileUpload {
  return value instanceof FileUpload;
}
