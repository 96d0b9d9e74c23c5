/**
 * The end of a call: its time limit, or the caller leaving, whichever comes first. Dispose of it when the call is over.
 *
 * `AbortSignal.any` with `AbortSignal.timeout` says the same in one line, and keeps timer, signals and all that listens
 * to them until the time limit has passed: under load hundreds of megabytes, and as much processor time as the call.
 */
export class Deadline implements Disposable {
  /** On the clock of `performance.now()`. */
  readonly endsAt: number;
  readonly caller: AbortSignal | undefined;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number, caller?: AbortSignal) {
    this.endsAt = performance.now() + timeoutMs;
    this.caller = caller;
    this.#timer = setTimeout(this.#expire, timeoutMs);
    if (caller?.aborted === true) this.#leave();
    else caller?.addEventListener('abort', this.#leave);
  }

  /** Aborted when the time is up or the caller leaves. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
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
