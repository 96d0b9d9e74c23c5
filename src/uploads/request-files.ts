import type { IncomingMessage } from 'node:http';
import type { Readable, Writable } from 'node:stream';
import type { BlockPool } from './block-pool.ts';
import { chunkReceived } from './chunk-garbage.ts';
import { UploadError } from './errors.ts';
import { FileUpload } from './file-upload.ts';
import { Shelf } from './shelf.ts';

/** What the parser tells about one file part of the body. */
export interface FilePart {
  readonly filename: string;
  readonly mimetype: string;
  readonly stream: Readable;
}

/** A file that `map` promises; `stream` and `index` (its place in the body) from the moment its part begins. */
interface Expected {
  readonly upload: FileUpload;
  stream?: Readable;
  index?: number;
  /** What the parser has handed over and nobody has taken yet. */
  chunk?: Buffer | undefined;
  hasReader: boolean;
  isSkipped: boolean;
  /** Done when the start of the file (or all of it) is in `kept`. */
  shelving?: Promise<void>;
  kept: Buffer[];
}

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
  readonly #stallTimeoutMs: number;
  readonly #shelf: Shelf;
  readonly #over = new AbortController();
  readonly #arrived: Expected[] = [];
  /** Those whose reader cannot go on until the body does. */
  readonly #waiting = new Set<Expected>();
  readonly #wakeups = new Set<() => void>();
  #clearing: Promise<void> | undefined;
  #parts = 0;
  #isComplete = false;
  /** Readers that hold a chunk and have not come back for the next: while there is one, the client owes nothing. */
  #working = 0;
  #progress = 0;

  constructor(req: IncomingMessage, options: { earlyPool: BlockPool; stallTimeoutMs: number }) {
    this.#req = req;
    this.#earlyPool = options.earlyPool;
    this.#stallTimeoutMs = options.stallTimeoutMs;
    this.#shelf = new Shelf(options.earlyPool);
  }

  /** Follows the parser to the end of the body. */
  watch(parser: Writable): void {
    parser.once('finish', () => {
      this.#isComplete = true;
      this.#wake();
    });
    // Later: whoever waits for the operation learns from the library what is wrong with the body, not just that it broke.
    // Not `once`: the parser reports a malformed part and then, when it is destroyed for that, the missing end.
    parser.on('error', (cause) => setImmediate(() => this.fail(this.#broken(cause))));
    this.#req.once('end', this.#wake);
  }

  /** A file that will come: what the operation gets in its place. */
  expect(): { upload: FileUpload; arrive: (part: FilePart) => void } {
    const upload: FileUpload = new FileUpload((signal) => this.#read(file, signal));
    const file: Expected = { upload, hasReader: false, isSkipped: false, kept: [] };
    return { upload, arrive: (part) => this.#arrive(file, part) };
  }

  /** A part with a file that no variable takes: the client is confused, so nothing that still runs may be stored. */
  refusePart(stream: Readable): void {
    stream.resume();
    this.fail(
      new UploadError(
        'unexpected',
        'The request has a file that its map does not give to a variable, or has it twice. Send each file of the map once and no others.',
      ),
    );
  }

  /** Ends every read with `error`. The first call decides. */
  fail(error: UploadError): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(error);
    this.#wake();
  }

  /** Once the answer is out or the client gone: frees the memory. */
  async close(): Promise<void> {
    this.fail(new UploadError('client-gone', 'The request ended before this file was read.'));
    await this.#clearing;
    this.#shelf[Symbol.dispose]();
  }

  /** `promise`, unless the client stops sending or leaves. @throws UploadError */
  async orStalled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
      this.#wake();
    };
    promise.then(settle, settle);
    await this.#until(() => isSettled || undefined);
    return promise;
  }

  #arrive(file: Expected, { stream, filename, mimetype }: FilePart): void {
    file.stream = stream;
    file.index = this.#parts++;
    file.upload.filename = filename;
    file.upload.mimetype = mimetype;
    // One chunk at a time, by events: `read()` would join what is buffered, and that copy is garbage of the worst size.
    stream.pause().on('data', (chunk: Buffer) => {
      chunkReceived(chunk);
      if (file.isSkipped) return;
      stream.pause();
      file.chunk = chunk;
      this.#wake();
    });
    stream.once('end', this.#wake);
    stream.on('error', (cause) => this.fail(this.#broken(cause)));
    this.#arrived.push(file);
    this.#wake();
    this.#clearTheWay();
  }

  async *#read(file: Expected, signal?: AbortSignal): AsyncGenerator<Buffer, void, void> {
    if (file.hasReader) {
      throw new UploadError(
        'already-read',
        'This file is used by two fields. Files are passed on as they arrive and not kept: send it once for each field, under two variables.',
      );
    }
    file.hasReader = true;
    const stream = await this.#need(file, () => file.stream ?? this.#missing(), signal);
    try {
      await file.shelving;
      for (const kept of file.kept) {
        // A copy: the reader may still hold it when the block already serves another request.
        for (let at = 0; at < kept.length; at += SHELF_CHUNK_BYTES)
          yield* this.#hand(Buffer.from(kept.subarray(at, at + SHELF_CHUNK_BYTES)));
      }
      for (let chunk; (chunk = await this.#next(file, stream, signal));) yield* this.#hand(chunk);
    } finally {
      // Not `destroy`: the parser would wait for ever to hand over the rest.
      file.isSkipped = true;
      stream.resume();
    }
    // A whole file is reported only when the body goes on as promised: another part, or its end.
    await this.#need(
      file,
      () => this.#req.readableEnded || this.#parts - 1 > (file.index ?? 0) || undefined,
      signal,
    );
  }

  *#hand(chunk: Buffer): Generator<Buffer, void, void> {
    this.#working += 1;
    try {
      yield chunk;
    } finally {
      this.#working -= 1;
      this.#progress += 1;
    }
  }

  /** The next bytes of a file, undefined at its end. */
  async #next(file: Expected, stream: Readable, signal?: AbortSignal): Promise<Buffer | undefined> {
    const chunk = await this.#need(file, () => takeChunk(file, stream), signal);
    return chunk === 'end' ? undefined : chunk;
  }

  #missing(): undefined {
    if (this.#isComplete)
      throw new UploadError('missing', 'The map of the request promises a file that the body does not have.');
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

  /** Waits for the body on behalf of `file`, with the unread files before it out of the way. */
  async #need<T>(file: Expected, ready: () => T | undefined, signal?: AbortSignal): Promise<T> {
    this.#waiting.add(file);
    try {
      const value = this.#check(ready, signal);
      if (value !== undefined) return value;
      this.#clearTheWay();
      return await this.#until(ready, signal);
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

  #inTheWay(): Expected | undefined {
    if (this.#over.signal.aborted) return undefined;
    const place = Math.max(...Array.from(this.#waiting, ({ index }) => index ?? Infinity));
    return this.#arrived.find(
      ({ hasReader, shelving, index = 0 }) => !hasReader && !shelving && index < place,
    );
  }

  /** Takes a file off the parser, to its end or until its reader comes. Never rejects: what goes wrong fails the request. */
  async #shelve(file: Expected): Promise<void> {
    const { stream } = file;
    if (!stream) return;
    try {
      this.#working += 1;
      await this.#shelf.begin(this.#over.signal).finally(() => (this.#working -= 1));
      let overflow: Buffer | undefined;
      while (!file.hasReader && !overflow) {
        const chunk = await this.#until(() => takeChunk(file, stream));
        if (chunk === 'end') break;
        if (!this.#shelf.append(chunk)) overflow = chunk;
      }
      file.kept = overflow ? [this.#shelf.file, overflow] : [this.#shelf.file];
      if (overflow && !file.hasReader) this.fail(this.#outOfOrder());
    } catch {
      // The request has failed meanwhile, and every reader of it learns why.
    }
  }

  #outOfOrder(): UploadError {
    const limitBytes = this.#earlyPool.blockBytes;
    return new UploadError(
      'out-of-order',
      `A field waits for a file that comes after another file not used yet, which is too large to be kept (over ${limitBytes} bytes, or no memory left). Send the files in the order in which the operation uses them.`,
      { limitBytes },
    );
  }

  #check<T>(ready: () => T | undefined, signal?: AbortSignal): T | undefined {
    this.#over.signal.throwIfAborted();
    if (signal?.aborted) throw signal.reason;
    return ready();
  }

  /** The first value of `ready` that is not undefined, tried whenever something happens. @throws what ended the request. */
  async #until<T>(ready: () => T | undefined, signal?: AbortSignal): Promise<T> {
    let value = this.#check(ready, signal);
    if (value !== undefined) return value;
    const stalled = this.#watchForStall();
    signal?.addEventListener('abort', this.#wake, { once: true });
    try {
      while (value === undefined) {
        await new Promise<void>((resolve) => this.#wakeups.add(resolve));
        value = this.#check(ready, signal);
      }
      return value;
    } finally {
      clearInterval(stalled);
      signal?.removeEventListener('abort', this.#wake);
    }
  }

  /** Fails the request when the client, and nobody else, has kept it waiting for a whole interval. */
  #watchForStall(): NodeJS.Timeout {
    const seen = (): number => this.#req.socket.bytesRead + this.#progress;
    let last = seen();
    return setInterval(() => {
      if (this.#working === 0 && seen() === last) {
        this.fail(
          new UploadError(
            'stalled',
            `No byte of the request came for ${this.#stallTimeoutMs / 1000} s. Send it again.`,
          ),
        );
      }
      last = seen();
    }, this.#stallTimeoutMs);
  }

  readonly #wake = (): void => {
    const wakeups = [...this.#wakeups];
    this.#wakeups.clear();
    for (const wakeup of wakeups) wakeup();
  };
}

/** The chunk that is there, or a word that the file has ended. Else asks the parser for the next. */
function takeChunk(file: Expected, stream: Readable): Buffer | 'end' | undefined {
  const { chunk } = file;
  file.chunk = undefined;
  if (chunk) return chunk;
  if (stream.readableEnded) return 'end';
  stream.resume();
  return undefined;
}
