/**
 * The end of a call: its time limit, or the caller leaving, whichever comes first. Dispose of it when the call is over.
 *
 * `AbortSignal.any` with `AbortSignal.timeout` says the same in one line, and keeps timer, signals and all that listens
 * to them until the time limit has passed: under load hundreds of megabytes, and as much processor time as the call.
 */
export class Deadline implements Disposable {
  readonly caller: AbortSignal | undefined;
  readonly #timeoutMs: number;
  readonly #controller = new AbortController();
  #endsAt: number;
  #timer: NodeJS.Timeout;
  #isDisposed = false;

  constructor(timeoutMs: number, caller?: AbortSignal) {
    this.caller = caller;
    this.#timeoutMs = timeoutMs;
    this.#endsAt = performance.now() + timeoutMs;
    this.#timer = setTimeout(this.#expire, timeoutMs);
    if (caller?.aborted === true) this.#leave();
    else caller?.addEventListener('abort', this.#leave);
  }

  /** On the clock of `performance.now()`. */
  get endsAt(): number {
    return this.#endsAt;
  }

  /** Waits for something that is not the call's doing: the clock stops, and then begins anew. */
  async pausedFor<T>(work: Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    try {
      return await work;
    } finally {
      // The call may have ended while its body was still being waited for.
      if (!this.#isDisposed) {
        this.#endsAt = performance.now() + this.#timeoutMs;
        this.#timer = setTimeout(this.#expire, this.#timeoutMs);
      }
    }
  }

  /** Aborted when the time is up or the caller leaves. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.caller?.removeEventListener('abort', this.#leave);
  }

  readonly #expire = (): void => {
    this.#controller.abort(new DOMException('The time is up.', 'TimeoutError'));
  };

  readonly #leave = (): void => {
    this.#controller.abort(this.caller?.reason);
  };
}
