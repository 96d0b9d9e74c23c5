/** Why a signal of ours is aborted when it is not the caller who left. */
export class TimeIsUpError extends Error {
  override readonly name = 'TimeIsUpError';

  constructor() {
    super('The time is up.');
  }
}

/** How a call ends whose signal is aborted for this reason: whoever listens is still there, or is not. */
export function kindOfAbort(reason: unknown): 'timeout' | 'aborted' {
  return reason instanceof TimeIsUpError ? 'timeout' : 'aborted';
}

/**
 * The end of a call, or of a whole operation: its time limit, or the caller leaving, whichever comes first. Dispose of it
 * when the work is over.
 *
 * `AbortSignal.any` with `AbortSignal.timeout` says the same in one line, and keeps timer, signals and all that listens
 * to them until the time limit has passed: under load hundreds of megabytes, and as much processor time as the call.
 */
export class Deadline implements Disposable {
  readonly #timeoutMs: number;
  readonly #caller: AbortSignal | undefined;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #startedAt = 0;
  /** What was left when the clock was last started. */
  #leftMs: number;
  #usedMs = 0;
  #hasExpired = false;
  #isDisposed = false;

  /** @param options.isRunning false: until `start` only the caller ends it. @default true */
  constructor(timeoutMs: number, caller?: AbortSignal, { isRunning = true } = {}) {
    this.#timeoutMs = timeoutMs;
    this.#leftMs = timeoutMs;
    this.#caller = caller;
    if (isRunning) this.start();
    if (caller?.aborted === true) this.#leave();
    else caller?.addEventListener('abort', this.#leave);
  }

  /** When the time is up, if nothing stops the clock any more. On the clock of `performance.now()`. */
  get endsAt(): number {
    return (this.#timer === undefined ? performance.now() : this.#startedAt) + this.#leftMs;
  }

  /** Milliseconds for which the clock has run. */
  get usedMs(): number {
    return this.#usedMs + (this.#timer === undefined ? 0 : performance.now() - this.#startedAt);
  }

  start(): void {
    // It may be over by the time that whatever it was stopped for has ended.
    if (this.#isDisposed || this.#timer !== undefined) return;
    this.#startedAt = performance.now();
    this.#timer = setTimeout(this.#expire, this.#leftMs);
  }

  /** Waits for something that is not the call's doing: the clock stands still meanwhile. */
  async stoppedFor<T>(work: Promise<T>): Promise<T> {
    this.#stop();
    try {
      return await work;
    } finally {
      this.start();
    }
  }

  /** As `stoppedFor`; afterwards the call has all of its time again. */
  async renewedBy<T>(work: Promise<T>): Promise<T> {
    this.#stop();
    try {
      return await work;
    } finally {
      this.#leftMs = this.#timeoutMs;
      this.start();
    }
  }

  /** The time is up: its own, not that of the caller. */
  get hasExpired(): boolean {
    return this.#hasExpired;
  }

  /** Aborted when the time is up, with a `TimeIsUpError`, or when the caller leaves, with their reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#isDisposed = true;
    this.#caller?.removeEventListener('abort', this.#leave);
  }

  #stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ranMs = performance.now() - this.#startedAt;
    this.#usedMs += ranMs;
    this.#leftMs = Math.max(0, this.#leftMs - ranMs);
  }

  readonly #expire = (): void => {
    this.#hasExpired = !this.#controller.signal.aborted;
    this.#controller.abort(new TimeIsUpError());
  };

  readonly #leave = (): void => {
    this.#controller.abort(this.#caller?.reason);
  };
}
