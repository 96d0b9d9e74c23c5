/** The reason of an abort by a deadline, in contrast to a client that disconnects. */
export class TimeIsUpError extends Error {
  override readonly name = 'TimeIsUpError';

  constructor() {
    super('The time is up.');
  }
}

/** The failure kind of a call whose signal is aborted for this reason. */
export function kindOfAbort(reason: unknown): 'timeout' | 'aborted' {
  return reason instanceof TimeIsUpError ? 'timeout' : 'aborted';
}

/**
 * The deadline of a call or of a whole operation: it aborts at its time limit or with the signal of the caller, whichever
 * comes first. Dispose of it when the work has ended.
 *
 * `AbortSignal.any` with `AbortSignal.timeout` would keep the timer, the signals and their listeners until the time limit:
 * under load hundreds of megabytes, and as much processor time as the call.
 */
export class Deadline implements Disposable {
  readonly #timeoutMs: number;
  readonly #caller: AbortSignal | undefined;
  readonly #controller: AbortController;
  /** Not cleared when the clock stops: most waits end long before it fires, and then it only looks at what is left. */
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #startedAt = 0;
  /** The time that was left when the clock last started. */
  #leftMs: number;
  #usedMs = 0;
  #hasExpired = false;
  #isDisposed = false;

  /**
   * @param caller the signal of the caller, or its controller if nothing but the work of this deadline uses that: then the two
   *   have one signal
   * @param options.isRunning false: until `start`, only the caller aborts it. @default true
   */
  constructor(timeoutMs: number, caller?: AbortSignal | AbortController, { isRunning = true } = {}) {
    this.#timeoutMs = timeoutMs;
    this.#leftMs = timeoutMs;
    const isShared = caller instanceof AbortController;
    this.#controller = isShared ? caller : new AbortController();
    this.#caller = isShared ? undefined : caller;
    if (isRunning) this.start();
    if (this.#caller?.aborted === true) this.#leave();
    else this.#caller?.addEventListener('abort', this.#leave);
  }

  /** When the time is up unless the clock stops again, on the clock of `performance.now()`. */
  get endsAt(): number {
    return (this.#isRunning ? this.#startedAt : performance.now()) + this.#leftMs;
  }

  /** Milliseconds for which the clock has run. */
  get usedMs(): number {
    return this.#usedMs + (this.#isRunning ? performance.now() - this.#startedAt : 0);
  }

  start(): void {
    // It may be disposed of while its clock is stopped.
    if (this.#isDisposed || this.#isRunning) return;
    this.#isRunning = true;
    this.#startedAt = performance.now();
    this.#timer ??= setTimeout(this.#look, this.#leftMs);
  }

  /** Stops the clock during a wait that does not count for the call. */
  async stoppedFor<T>(work: Promise<T>): Promise<T> {
    this.#stop();
    try {
      return await work;
    } finally {
      this.start();
    }
  }

  /** Like `stoppedFor`, and restores the full time limit afterwards. */
  async renewedBy<T>(work: Promise<T>): Promise<T> {
    this.#stop();
    try {
      return await work;
    } finally {
      this.#leftMs = this.#timeoutMs;
      this.start();
    }
  }

  /** Whether its own time is up, in contrast to an abort by the caller. */
  get hasExpired(): boolean {
    return this.#hasExpired;
  }

  /** Aborted with a `TimeIsUpError` when the time is up, or with the reason of the caller's signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#leave);
  }

  #stop(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    const ranMs = performance.now() - this.#startedAt;
    this.#usedMs += ranMs;
    this.#leftMs = Math.max(0, this.#leftMs - ranMs);
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    if (!this.#isRunning) return; // `start` sets it again
    const leftMs = this.endsAt - performance.now();
    if (leftMs > 0) this.#timer = setTimeout(this.#look, leftMs);
    else this.#expire();
  };

  #expire(): void {
    if (this.#controller.signal.aborted) return;
    this.#hasExpired = true;
    this.#controller.abort(new TimeIsUpError());
  }

  readonly #leave = (): void => {
    this.#controller.abort(this.#caller?.reason);
  };
}
