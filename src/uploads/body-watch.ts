import type { IncomingMessage } from 'node:http';
import { UploadError } from './upload-errors.ts';

/**
 * The least a client sends while it is waited for, in bytes per second, beyond the time of one stall. Mobile networks at
 * their worst do ten times that; a client that sends a byte now and then to stay connected does not.
 */
const LEAST_PROGRESS = 1_000;

/**
 * Where everybody waits who needs more of the body of one request: until it is there, until the request has failed,
 * or until the client has sent nothing, or next to nothing, for too long.
 */
export class BodyWatch {
  readonly #req: IncomingMessage;
  readonly #stallTimeoutMs: number;
  readonly #over = new AbortController();
  readonly #wakeups = new Set<() => void>();
  /** Those who are at work with what came: while there is one, the client owes nothing. */
  #working = 0;
  #progress = 0;
  readonly #bytesBefore: number;
  /** Those who wait now. */
  #waiting = 0;
  /** Milliseconds for which the client, and nobody else, was waited for, up to the moment of `#countedAt`. */
  #waitedMs = 0;
  #countedAt = performance.now();

  constructor(req: IncomingMessage, stallTimeoutMs: number) {
    this.#req = req;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#bytesBefore = req.socket.bytesRead;
  }

  /** Aborted, with the UploadError as its reason, once the request has failed. */
  get failed(): AbortSignal {
    return this.#over.signal;
  }

  /** Ends every wait with `error`. The first call decides. */
  fail(error: UploadError): void {
    if (this.failed.aborted) return;
    this.#over.abort(error);
    this.wake();
  }

  /** To be called whenever something happens that somebody may wait for. */
  readonly wake = (): void => {
    const wakeups = [...this.#wakeups];
    this.#wakeups.clear();
    for (const wakeup of wakeups) wakeup();
  };

  /** Until it is disposed of, nobody can say that the client keeps the request waiting. */
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

  /** What `ready` has now. @throws what ended the request, or the reason of `signal` */
  check<T>(ready: () => T | undefined, signal?: AbortSignal): T | undefined {
    this.failed.throwIfAborted();
    if (signal?.aborted) throw signal.reason;
    return ready();
  }

  /** The first value of `ready` that is not undefined, tried at every `wake`. @throws as `check` */
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

  /** To be called before `#waiting` or `#working` changes. */
  #count(): void {
    const now = performance.now();
    if (this.#waiting > 0 && this.#working === 0) this.#waitedMs += now - this.#countedAt;
    this.#countedAt = now;
  }

  /** Fails the request of a client that sends just enough to never stall. */
  #checkPace(): void {
    this.#count();
    const bytes = this.#req.socket.bytesRead - this.#bytesBefore;
    const allowedMs = this.#stallTimeoutMs + (bytes / LEAST_PROGRESS) * 1000;
    if (this.#waitedMs > allowedMs)
      this.fail(new UploadError('stalled', 'The request arrives too slowly. Send it again.'));
  }

  /** Fails the request when the client, and nobody else, has kept it waiting for a whole interval. */
  #watchForStall(): NodeJS.Timeout {
    const seen = (): number => this.#req.socket.bytesRead + this.#progress;
    let last = seen();
    return setInterval(() => {
      if (this.#working === 0 && seen() === last) {
        const seconds = this.#stallTimeoutMs / 1000;
        const message = `No byte of the request came for ${seconds} s. Send it again.`;
        this.fail(new UploadError('stalled', message));
      }
      last = seen();
      this.#checkPace();
    }, this.#stallTimeoutMs);
  }
}
