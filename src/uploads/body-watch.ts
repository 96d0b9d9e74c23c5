import type { IncomingMessage } from 'node:http';
import v8 from 'node:v8';
import vm from 'node:vm';
import { UploadError } from './file-upload.ts';

/**
 * Lowest rate at which a client must send while the gateway waits for it, in bytes per second, after a first stall time.
 * The worst mobile networks are ten times faster; a client that only sends single bytes to keep the connection is slower.
 */
const MIN_BYTES_PER_SECOND = 1_000;

/**
 * Waits for more of the body of one request on behalf of its readers. A wait ends when the data has arrived, when the
 * request has failed, or when the client stalls or sends too slowly.
 */
export class BodyWatch {
  readonly #req: IncomingMessage;
  readonly #stallTimeoutMs: number;
  readonly #failure = new AbortController();
  /** Not a `Set`: its old tables would keep, until a full collection, what each wait refers to. */
  #wakeups: (() => void)[] = [];
  /** Readers that are processing data. While there is one, the gateway does not wait for the client. */
  #working = 0;
  #progress = 0;
  readonly #bytesBefore: number;
  /** Readers that wait for data. */
  #waiting = 0;
  /** Milliseconds for which the gateway has waited for the client only, up to `#countedAt`. */
  #waitedMs = 0;
  #countedAt = performance.now();

  constructor(req: IncomingMessage, stallTimeoutMs: number) {
    this.#req = req;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#bytesBefore = req.socket.bytesRead;
  }

  /** Aborted, with the UploadError as its reason, once the request has failed. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  /** Ends every wait with `error`. Later calls have no effect. */
  fail(error: UploadError): void {
    if (this.failed.aborted) return;
    this.#failure.abort(error);
    this.wake();
  }

  /** Makes every wait check its condition again. */
  readonly wake = (): void => {
    const wakeups = this.#wakeups;
    this.#wakeups = [];
    for (const wakeup of wakeups) wakeup();
  };

  /** Marks a reader as busy until it is disposed of: meanwhile the client does not stall. */
  working(): Disposable {
    this.#count();
    this.#working += 1;
    return {
      [Symbol.dispose]: () => {
        this.#count();
        this.#working -= 1;
        this.#progress += 1;
      },
    };
  }

  /** The current value of `ready`. @throws the failure of the request, or the reason of `signal` */
  check<T>(ready: () => T | undefined, signal?: AbortSignal): T | undefined {
    this.failed.throwIfAborted();
    if (signal?.aborted) throw signal.reason;
    return ready();
  }

  /** Waits for the first value of `ready` that is not undefined, evaluated at every `wake`. @throws as `check` */
  async until<T>(ready: () => T | undefined, signal?: AbortSignal): Promise<T> {
    let value = this.check(ready, signal);
    if (value !== undefined) return value;
    this.#checkPace();
    this.failed.throwIfAborted();
    const stalled = this.#watchForStall();
    this.#count();
    this.#waiting += 1;
    signal?.addEventListener('abort', this.wake, { once: true });
    try {
      while (value === undefined) {
        await new Promise<void>((resolve) => this.#wakeups.push(resolve));
        value = this.check(ready, signal);
      }
      return value;
    } finally {
      clearInterval(stalled);
      this.#count();
      this.#waiting -= 1;
      signal?.removeEventListener('abort', this.wake);
    }
  }

  /** Must be called before `#waiting` or `#working` changes. */
  #count(): void {
    const now = performance.now();
    if (this.#waiting > 0 && this.#working === 0) this.#waitedMs += now - this.#countedAt;
    this.#countedAt = now;
  }

  /** Fails the request of a client that sends just enough not to stall. */
  #checkPace(): void {
    this.#count();
    const bytes = this.#req.socket.bytesRead - this.#bytesBefore;
    const allowedMs = this.#stallTimeoutMs + (bytes / MIN_BYTES_PER_SECOND) * 1000;
    if (this.#waitedMs > allowedMs)
      this.fail(new UploadError('stalled', 'The request body arrives too slowly. Send the request again.'));
  }

  /** Fails the request when the gateway has waited only for the client during a whole interval, and no byte arrived. */
  #watchForStall(): NodeJS.Timeout {
    const seen = (): number => this.#req.socket.bytesRead + this.#progress;
    let last = seen();
    return setInterval(() => {
      if (this.#working === 0 && seen() === last) {
        const seconds = this.#stallTimeoutMs / 1000;
        const message = `No byte of the request arrived for ${seconds} s. Send the request again.`;
        this.fail(new UploadError('stalled', message));
      }
      last = seen();
      this.#checkPace();
    }, this.#stallTimeoutMs);
  }
}

export interface DrainLimits {
  readonly maxBytes: number;
  /** Longest time without a byte. The total time has no limit, so that a slow client still gets its response. */
  readonly stallTimeoutMs: number;
}

/**
 * Reads and discards the rest of a request that is already answered, so that a client that writes its whole body before
 * it reads gets the response and can reuse the connection. Beyond the limits the connection is closed. Node itself does
 * this only for an unread body, and without limit.
 */
export function drain(req: IncomingMessage, { maxBytes, stallTimeoutMs }: DrainLimits): void {
  if (req.destroyed || req.readableEnded) return;
  const cut = setTimeout(() => req.destroy(), stallTimeoutMs);
  req.once('close', () => clearTimeout(cut));
  // The response is already sent, so a client that disconnects now is not an error.
  req.on('error', () => {});
  let bytes = 0;
  req.unpipe();
  req.on('data', (chunk: Buffer) => {
    chunkReceived(chunk);
    cut.refresh();
    bytes += chunk.length;
    if (bytes > maxBytes) req.destroy();
  });
  // `unpipe` has paused the stream.
  req.resume();
}

/*
 * Node allocates 64 KiB for every read from a socket. These buffers are outside the V8 heap, so V8 lets 64 MiB of them
 * accumulate before it collects them: more than an upload otherwise needs, and beyond the reach of the block pool. So a
 * chunk is freed once it has been read, which also keeps the memory in the caches of the processor. What surrounds a chunk
 * is garbage in the heap, as are chunks that are skipped: a collection of the young generation, a millisecond, runs for
 * every 32 MiB received.
 *
 * `node --max-semi-space-size=4` would bound the memory too, but for every request, and only if the operator
 * sets it. The flag below applies to contexts created after it, so that the main context has no `gc`.
 */
const BYTES_BETWEEN = 32 * 1024 * 1024;

v8.setFlagsFromString('--expose-gc');
const gc: ((options: { type: 'minor' }) => void) | undefined = vm.runInNewContext('globalThis.gc');
let bytes = 0;

/** Must be called for every chunk of a request body. */
export function chunkReceived(chunk: Buffer): void {
  bytes += chunk.length;
  if (bytes < BYTES_BETWEEN) return;
  bytes = 0;
  gc?.({ type: 'minor' });
}

/** Frees the memory of a chunk, which is empty afterwards. A buffer that other chunks share is left to the collector. */
export function freeChunk({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
