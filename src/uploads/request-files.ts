import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import type { BlockPool } from './block-pool.ts';
import { BodyWatch } from './body-watch.ts';
import { UploadError } from './upload-errors.ts';
import type { FileUpload } from './file-upload.ts';
import { IncomingFile } from './incoming-file.ts';
import type { FilePart } from './incoming-file.ts';
import { Shelf } from './spill-buffer.ts';

const SHELF_CHUNK_BYTES = 64 * 1024;

/**
 * The files of one request, between the parser, which meets them in the order of the body, and the resolvers,
 * which ask for them in the order of the operation.
 *
 * The parser stands still at a file until it is read. That is back-pressure when its resolver is slow to start,
 * and a deadlock when the resolver that is running waits for a file further on. So as soon as somebody waits,
 * and only then, the unread files before that place are put on the shelf; one too large for it fails the request.
 */
export class RequestFiles {
  readonly #req: IncomingMessage;
  readonly #earlyPool: BlockPool;
  readonly #watch: BodyWatch;
  readonly #shelf: Shelf;
  /** In the order of the body. */
  readonly #begun: IncomingFile[] = [];
  /** Those whose reader cannot go on until the body does. */
  readonly #waiting = new Set<IncomingFile>();
  #clearing: Promise<void> | undefined;
  #isComplete = false;

  constructor(req: IncomingMessage, options: { earlyPool: BlockPool; stallTimeoutMs: number }) {
    this.#req = req;
    this.#earlyPool = options.earlyPool;
    this.#watch = new BodyWatch(req, options.stallTimeoutMs);
    this.#shelf = new Shelf(options.earlyPool);
  }

  /** Follows the parser to the end of the body. */
  watch(parser: Writable): void {
    parser.once('finish', () => {
      this.#isComplete = true;
      this.#watch.wake();
    });
    // Later: whoever waits for the operation learns from the library what is wrong with the body, not just that it broke.
    // Not `once`: the parser reports a malformed part and then, when it is destroyed for that, the missing end.
    parser.on('error', (cause) => setImmediate(() => this.#watch.fail(this.#broken(cause))));
    this.#req.once('end', this.#watch.wake);
  }

  /** A file that will come: what the operation gets in its place. */
  expect(): { upload: FileUpload; begin: (part: FilePart) => void } {
    const file = new IncomingFile((self) => (signal) => this.#read(self, signal));
    return { upload: file.upload, begin: (part) => this.#begin(file, part) };
  }

  /** A part that the operation does not expect: the client is confused, so nothing that still runs may be stored. */
  refuse(message: string): void {
    this.#watch.fail(new UploadError('unexpected', message));
  }

  /** Once the answer is out or the client gone: ends every read and frees the memory. */
  async close(): Promise<void> {
    this.#watch.fail(new UploadError('client-gone', 'The request ended before this file was read.'));
    await this.#clearing;
    this.#shelf[Symbol.dispose]();
  }

  /** `promise`, unless the client stops sending or leaves. @throws UploadError */
  async orStalled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
      this.#watch.wake();
    };
    promise.then(settle, settle);
    await this.#watch.until(() => isSettled || undefined);
    return promise;
  }

  #begin(file: IncomingFile, part: FilePart): void {
    file.begin(part, { index: this.#begun.length, wake: this.#watch.wake });
    part.stream.on('error', (cause) => this.#watch.fail(this.#broken(cause)));
    this.#begun.push(file);
    this.#watch.wake();
    this.#clearTheWay();
  }

  async *#read(file: IncomingFile, signal?: AbortSignal): AsyncGenerator<Buffer, void, void> {
    if (file.hasReader) {
      throw new UploadError(
        'already-read',
        'This file is used by two fields. Files are passed on as they arrive and not kept: send it once for each field, under two variables.',
      );
    }
    file.hasReader = true;
    const index = await this.#need(file, () => file.index ?? this.#missing(), signal);
    try {
      await file.shelving;
      for (const kept of file.kept) {
        // A copy: the reader may still hold it when the block already serves another request.
        for (let at = 0; at < kept.length; at += SHELF_CHUNK_BYTES)
          yield* this.#hand(Buffer.from(kept.subarray(at, at + SHELF_CHUNK_BYTES)));
      }
      for (let chunk; (chunk = await this.#need(file, () => file.take(), signal)) !== 'end';)
        yield* this.#hand(chunk);
    } finally {
      file.skip();
    }
    // A whole file is reported only when the body goes on as promised: another part, or its end.
    await this.#need(
      file,
      () => this.#req.readableEnded || this.#begun.length - 1 > index || undefined,
      signal,
    );
  }

  *#hand(chunk: Buffer): Generator<Buffer, void, void> {
    using _ = this.#watch.working();
    yield chunk;
  }

  /** Waits for the body on behalf of `file`, with the unread files before it out of the way. */
  async #need<T>(file: IncomingFile, ready: () => T | undefined, signal?: AbortSignal): Promise<T> {
    this.#waiting.add(file);
    try {
      const value = this.#watch.check(ready, signal);
      if (value !== undefined) return value;
      this.#clearTheWay();
      return await this.#watch.until(ready, signal);
    } finally {
      this.#waiting.delete(file);
    }
  }

  #clearTheWay(): void {
    if (!this.#clearing && this.#inTheWay()) this.#clearing = this.#shelveAll();
  }

  async #shelveAll(): Promise<void> {
    for (let file; (file = this.#inTheWay());) await (file.shelving = this.#shelve(file));
    // In the same tick as the last look: whoever comes later starts anew.
    this.#clearing = undefined;
  }

  #inTheWay(): IncomingFile | undefined {
    if (this.#watch.failed.aborted) return undefined;
    const place = Math.max(...Array.from(this.#waiting, ({ index }) => index ?? Infinity));
    return this.#begun.find(
      ({ hasReader, shelving }, index) => !hasReader && shelving === undefined && index < place,
    );
  }

  /** Takes a file off the parser, to its end or until its reader comes. Never rejects: what goes wrong fails the request. */
  async #shelve(file: IncomingFile): Promise<void> {
    try {
      await this.#beginShelf();
      let overflow: Buffer | undefined;
      while (!file.hasReader && !overflow) {
        const chunk = await this.#watch.until(() => file.take());
        if (chunk === 'end') break;
        if (!this.#shelf.append(chunk)) overflow = chunk;
      }
      file.kept = overflow ? [this.#shelf.file, overflow] : [this.#shelf.file];
      if (overflow && !file.hasReader) this.#watch.fail(this.#outOfOrder());
    } catch (cause) {
      // Most likely the request has failed meanwhile, and every reader of it learns that first reason.
      this.#watch.fail(this.#broken(cause));
    }
  }

  async #beginShelf(): Promise<void> {
    using _ = this.#watch.working();
    await this.#shelf.begin(this.#watch.failed);
  }

  #missing(): undefined {
    if (this.#isComplete)
      throw new UploadError(
        'missing',
        'The map of the request promises a file that the body does not have. Send the file in a part of that name, with a filename in its Content-Disposition.',
      );
  }

  #broken(cause: unknown): UploadError {
    return this.#req.destroyed && !this.#req.complete
      ? new UploadError('client-gone', 'The client left before the file was complete.', { cause })
      : new UploadError(
          'truncated',
          'The multipart body is malformed or ends before the file does. Send the request again.',
          { cause },
        );
  }

  #outOfOrder(): UploadError {
    const limitBytes = this.#earlyPool.blockBytes;
    return new UploadError(
      'out-of-order',
      `A field waits for a file that comes after another file not used yet, which is too large to be kept (over ${limitBytes} bytes, or no memory left). Send the files in the order in which the operation uses them.`,
      { limitBytes },
    );
  }
}
