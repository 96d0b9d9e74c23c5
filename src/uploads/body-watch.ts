import type { IncomingMessage } from 'node:http';
import { UploadError } from './upload-errors.ts';

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
  readonly #wakeups = new Set<() => void>();
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
    const wakeups = [...this.#wakeups];
    this.#wakeups.clear();
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
        await new Promise<void>((resolve) => this.#wakeups.add(resolve));
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
