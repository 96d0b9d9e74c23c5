import type { Readable } from 'node:stream';
import type { Block, BlockPool } from './block-pool.ts';
import { FileUpload } from './file-upload.ts';
import type { ReadFile } from './file-upload.ts';
import { chunkReceived } from './body-watch.ts';

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

/**
 * Holds the files of one request that arrive before they are read. Files share blocks, but no file spans two blocks, so a
 * file can be at most as large as a block.
 *
 * Only the first block is waited for: two requests that each hold one block and wait for a second one would deadlock.
 */
export class SpillBuffer implements Disposable {
  readonly #pool: BlockPool;
  readonly #blocks: Block[] = [];
  #from = 0;
  #to = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  /** Starts a file. @throws the reason of the signal */
  async begin(signal: AbortSignal): Promise<void> {
    if (this.#blocks.length === 0) this.#blocks.push(await this.#pool.acquire(signal));
    this.#from = this.#to;
  }

  /** The bytes of the current file. */
  get file(): Buffer {
    return this.#blocks.at(-1)?.bytes.subarray(this.#from, this.#to) ?? Buffer.alloc(0);
  }

  /** Appends to the current file. @returns false if the file is larger than a block, or the pool is empty */
  append(chunk: Buffer): boolean {
    if (this.#to + chunk.length > this.#pool.blockBytes) {
      const begun = this.file;
      if (begun.length + chunk.length > this.#pool.blockBytes) return false;
      const block = this.#pool.tryAcquire();
      if (!block) return false;
      begun.copy(block.bytes);
      this.#blocks.push(block);
      this.#from = 0;
      this.#to = begun.length;
    }
    const block = this.#blocks.at(-1);
    if (!block) return false;
    this.#to += chunk.copy(block.bytes, this.#to);
    return true;
  }

  [Symbol.dispose](): void {
    for (const block of this.#blocks.splice(0)) block[Symbol.dispose]();
  }
}
