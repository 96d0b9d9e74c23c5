import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import type { BlockPool } from './block-pool.ts';
import { BodyWatch, freeChunk } from './body-watch.ts';
import { UploadError } from './file-upload.ts';
import type { FileUpload } from './file-upload.ts';
import { IncomingFile, SpillBuffer } from './incoming-file.ts';
import type { FilePart } from './incoming-file.ts';

const SPILL_CHUNK_BYTES = 64 * 1024;

/**
 * The files of one request, between the parser, which yields them in the order of the body, and the resolvers, which read
 * them in the order of the operation.
 *
 * The parser pauses at a file until it is read. This is back-pressure while the resolver of the file has not started, but a
 * deadlock if the running resolver waits for a later file. So when a reader waits, and only then, the unread files before
 * its own are copied to a spill buffer. A file that does not fit fails the request.
 */
export class RequestFiles {
  readonly #req: IncomingMessage;
  readonly #earlyPool: BlockPool;
  readonly #watch: BodyWatch;
  readonly #spillBuffer: SpillBuffer;
  /** In the order of the body. */
  readonly #begun: IncomingFile[] = [];
  /** Files whose reader waits for more of the body. */
  readonly #waiting: IncomingFile[] = [];
  #spilling: Promise<void> | undefined;
  #isComplete = false;

  constructor(req: IncomingMessage, options: { earlyPool: BlockPool; stallTimeoutMs: number }) {
    this.#req = req;
    this.#earlyPool = options.earlyPool;
    this.#watch = new BodyWatch(req, options.stallTimeoutMs);
    this.#spillBuffer = new SpillBuffer(options.earlyPool);
  }

  /** Follows the parser to the end of the body. */
  watch(parser: Writable): void {
    parser.once('finish', () => {
      this.#isComplete = true;
      this.#watch.wake();
    });
    // Deferred, so that a caller of `orStalled` gets the more precise error of the library first.
    // Not `once`: the parser reports a malformed part, and then its own destruction as an unexpected end.
    parser.on('error', (cause) => setImmediate(() => this.#watch.fail(this.#broken(cause))));
    this.#req.once('end', this.#watch.wake);
  }

  /** Registers a file of the map. The operation gets `upload` in its place. */
  expect(): { upload: FileUpload; begin: (part: FilePart) => void } {
    const length = Number(this.#req.headers['content-length'] ?? Infinity);
    const file = new IncomingFile((self) => (signal) => this.#read(self, signal), length);
    return { upload: file.upload, begin: (part) => this.#begin(file, part) };
  }

  /** Fails the request because of an unexpected part, so that none of its files is stored. */
  refuse(message: string): void {
    this.#watch.fail(new UploadError('unexpected', message));
  }

  /** Ends every read and frees the memory, when the request is answered or the client has disconnected. */
  async close(): Promise<void> {
    this.#watch.fail(new UploadError('client-gone', 'The request ended before this file was read.'));
    await this.#spilling;
    this.#spillBuffer[Symbol.dispose]();
  }

  /** The result of `promise`, unless the client stalls or disconnects first. @throws {UploadError} */
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
    this.#spillIfBlocked();
  }

  async *#read(file: IncomingFile, signal?: AbortSignal): AsyncGenerator<Buffer, void, void> {
    if (file.hasReader) {
      throw new UploadError(
        'already-read',
        'Two fields use this file. Files are forwarded as they arrive and not stored: send the file once for each field, in two variables.',
      );
    }
    file.hasReader = true;
    const index = await this.#need(file, () => file.index ?? this.#missing(), signal);
    try {
      await file.spilling;
      for (const spilled of file.spilled) {
        // A copy, because the reader may hold a chunk longer than the block belongs to this request, and it is freed.
        for (let at = 0; at < spilled.length; at += SPILL_CHUNK_BYTES)
          yield* this.#pass(Buffer.from(spilled.subarray(at, at + SPILL_CHUNK_BYTES)));
      }
      for (let chunk; (chunk = await this.#need(file, () => file.take(), signal)) !== 'end';)
        yield* this.#pass(chunk);
    } finally {
      file.skip();
    }
    // A file counts as complete only when the next part, or the end of the body, has arrived.
    await this.#need(
      file,
      () => this.#req.readableEnded || this.#begun.length - 1 > index || undefined,
      signal,
    );
  }

  *#pass(chunk: Buffer): Generator<Buffer, void, void> {
    using _ = this.#watch.working();
    yield chunk;
    freeChunk(chunk);
  }

  /** Waits for the body on behalf of `file`, and spills the unread files before it. */
  async #need<T>(file: IncomingFile, ready: () => T | undefined, signal?: AbortSignal): Promise<T> {
    this.#waiting.push(file);
    try {
      const value = this.#watch.check(ready, signal);
      if (value !== undefined) return value;
      this.#spillIfBlocked();
      return await this.#watch.until(ready, signal);
    } finally {
      this.#waiting.splice(this.#waiting.indexOf(file), 1);
    }
  }

  #spillIfBlocked(): void {
    if (!this.#spilling && this.#blockingFile()) this.#spilling = this.#spillAll();
  }

  async #spillAll(): Promise<void> {
    for (let file; (file = this.#blockingFile());) await (file.spilling = this.#spill(file));
    // In the same tick as the last check, so that a file that blocks later starts a new run.
    this.#spilling = undefined;
  }

  /** An unread file before the last one that a reader waits for. */
  #blockingFile(): IncomingFile | undefined {
    if (this.#watch.failed.aborted) return undefined;
    const last = Math.max(...this.#waiting.map(({ index }) => index ?? Infinity));
    return this.#begun.find(
      ({ hasReader, spilling }, index) => !hasReader && spilling === undefined && index < last,
    );
  }

  /** Copies a file to the spill buffer, to its end or until its reader starts. Never rejects: a failure fails the request. */
  async #spill(file: IncomingFile): Promise<void> {
    try {
      await this.#beginSpill();
      let overflow: Buffer | undefined;
      while (!file.hasReader && !overflow) {
        const chunk = await this.#watch.until(() => file.take());
        if (chunk === 'end') break;
        if (!this.#spillBuffer.append(chunk)) overflow = chunk;
      }
      file.spilled = overflow ? [this.#spillBuffer.file, overflow] : [this.#spillBuffer.file];
      if (overflow && !file.hasReader) this.#watch.fail(this.#outOfOrder());
    } catch (cause) {
      // If the request has already failed, its first failure stays.
      this.#watch.fail(this.#broken(cause));
    }
  }

  async #beginSpill(): Promise<void> {
    using _ = this.#watch.working();
    await this.#spillBuffer.begin(this.#watch.failed);
  }

  #missing(): undefined {
    if (this.#isComplete)
      throw new UploadError(
        'missing',
        'The body does not contain a file of the map. Send the file in a part of that name, with a filename in its Content-Disposition.',
      );
  }

  #broken(cause: unknown): UploadError {
    return this.#req.destroyed && !this.#req.complete
      ? new UploadError('client-gone', 'The client disconnected before the file was complete.', { cause })
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
      `A field needs a file that follows an unused file, which is too large to buffer (over ${limitBytes} bytes, or no memory is free). Send the files in the order in which the operation uses them.`,
      { limitBytes },
    );
  }
}
