import type { Readable } from 'node:stream';
import { chunkReceived } from './chunk-garbage.ts';
import { FileUpload } from './file-upload.ts';
import type { ReadFile } from './file-upload.ts';

/** A file part of the body, as the parser reports it. */
export interface FilePart {
  readonly filename: string;
  readonly mimetype: string;
  readonly stream: Readable;
}

/** A file that `map` announces. Once its part begins, its bytes are taken from the parser here. */
export class IncomingFile {
  readonly upload: FileUpload;
  /** Position among the files of the body; undefined until the part begins. */
  index: number | undefined;
  hasReader = false;
  /** Settles when the start of the file, or all of it, is in `spilled`. */
  spilling: Promise<void> | undefined;
  spilled: readonly Buffer[] = [];
  #stream: Readable | undefined;
  /** The chunk from the parser that was not taken yet. */
  #chunk: Buffer | undefined;
  #isSkipped = false;

  constructor(read: (file: IncomingFile) => ReadFile, atMostBytes: number) {
    this.upload = new FileUpload(read(this), atMostBytes);
  }

  /** Attaches the part of the file. `wake` is called for every chunk and at the end. */
  begin(
    { stream, filename, mimetype }: FilePart,
    { index, wake }: { readonly index: number; readonly wake: () => void },
  ): void {
    this.#stream = stream;
    this.index = index;
    this.upload.filename = filename;
    this.upload.mimetype = mimetype;
    // One chunk at a time, by events: `read()` would copy buffered chunks into one large buffer.
    stream.pause().on('data', (chunk: Buffer) => {
      chunkReceived(chunk);
      if (this.#isSkipped) return;
      stream.pause();
      this.#chunk = chunk;
      wake();
    });
    stream.once('end', wake);
  }

  /** The current chunk, or `end`. Without either, requests the next chunk from the parser. */
  take(): Buffer | 'end' | undefined {
    const chunk = this.#chunk;
    this.#chunk = undefined;
    if (chunk) return chunk;
    if (this.#stream?.readableEnded === true) return 'end';
    this.#stream?.resume();
    return undefined;
  }

  /** Discards the rest. `destroy` would make the parser wait forever for a reader. */
  skip(): void {
    this.#isSkipped = true;
    this.#stream?.resume();
  }
}
