/** Where the bytes come from: called once per reader, and throws an UploadError for every reader but the first. */
export type ReadFile = (signal?: AbortSignal) => AsyncGenerator<Buffer, void, void>;

/**
 * A file of a multipart request, as the `Upload` scalar hands it to resolvers.
 * Its bytes are still on their way: they can be read once, and are not kept.
 */
export class FileUpload {
  /** What the client calls the file: a claim. Undefined until the first bytes were read. */
  filename: string | undefined;
  /** What the client says the file is: a claim. Undefined until the first bytes were read. */
  mimetype: string | undefined;
  readonly #read: ReadFile;

  constructor(read: ReadFile) {
    this.#read = read;
  }

  /**
   * The bytes as they arrive, at the pace of the reader. Whoever stops early leaves the rest to be skipped.
   * @throws UploadError
   */
  read(signal?: AbortSignal): AsyncGenerator<Buffer, void, void> {
    return this.#read(signal);
  }
}

/** Whether a variable's value is a file of this request, for `parseValue` of the `Upload` scalar. */
export function isFileUpload(value: unknown): value is FileUpload {
  return value instanceof FileUpload;
}
