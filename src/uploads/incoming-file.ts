import type { Readable } from 'node:stream';
import { chunkReceived } from './chunk-garbage.ts';
import { FileUpload } from './file-upload.ts';
import type { ReadFile } from './file-upload.ts';

/** What the parser tells about one file part of the body. */
export interface FilePart {
  readonly filename: string;
  readonly mimetype: string;
  readonly stream: Readable;
}

/** A file that `map` promises, and from the moment its part begins the way its bytes come off the parser. */
export class IncomingFile {
  readonly upload: FileUpload;
  /** Its place among the files of the body; undefined until its part begins. */
  index: number | undefined;
  hasReader = false;
  /** Settled when the start of the file (or all of it) is in `kept`. */
  shelving: Promise<void> | undefined;
  kept: readonly Buffer[] = [];
  #stream: Readable | undefined;
  /** What the parser has handed over and nobody has taken yet. */
  #chunk: Buffer | undefined;
  #isSkipped = false;

  constructor(read: (file: IncomingFile) => ReadFile) {
    this.upload = new FileUpload(read(this));
  }

  /** Its part begins. `wake` is called for every chunk and at the end. */
  begin(
    { stream, filename, mimetype }: FilePart,
    { index, wake }: { readonly index: number; readonly wake: () => void },
  ): void {
    this.#stream = stream;
    this.index = index;
    this.upload.filename = filename;
    this.upload.mimetype = mimetype;
    // One chunk at a time, by events: `read()` would join what is buffered, and that copy is garbage of the worst size.
    stream.pause().on('data', (chunk: Buffer) => {
      chunkReceived(chunk);
      if (this.#isSkipped) return;
      stream.pause();
      this.#chunk = chunk;
      wake();
    });
    stream.once('end', wake);
  }

  /** The chunk that is there, or a word that the file has ended. Else asks the parser for the next. */
  take(): Buffer | 'end' | undefined {
    const chunk = this.#chunk;
    this.#chunk = undefined;
    if (chunk) return chunk;
    if (this.#stream?.readableEnded === true) return 'end';
    this.#stream?.resume();
    return undefined;
  }

  /** Lets the rest pass unread. Not `destroy`: the parser would wait for ever to hand it over. */
  skip(): void {
    this.#isSkipped = true;
    this.#stream?.resume();
  }
}
