import { FairQueue } from '../rate-limit/fair-queue.ts';

/** Somebody who wants in. */
export interface Entrant {
  readonly caller: string;
  readonly signal: AbortSignal | undefined;
}

/** As many wait as may. */
export class BulkheadFullError extends Error {
  override readonly name = 'BulkheadFullError';
}

/** So many at a time; others wait, callers in turn. What fills up in here cannot fill up what lies behind. */
export class Bulkhead {
  readonly #maxWaiting: number;
  readonly #waiting = new FairQueue<() => void>();
  #free: number;

  constructor({ places, maxWaiting }: { readonly places: number; readonly maxWaiting: number }) {
    this.#free = places;
    this.#maxWaiting = maxWaiting;
  }

  /** For how many milliseconds the oldest has waited; 0 when none waits. */
  get oldestMs(): number {
    return this.#waiting.oldestMs;
  }

  /** @throws {BulkheadFullError} @throws the signal's reason when it aborts first. */
  async enter({ caller, signal }: Entrant): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(caller, signal);
    return { [Symbol.dispose]: () => this.#leave() };
  }

  async #turn(caller: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) throw new BulkheadFullError('too many wait');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      if (this.#waiting.delete(caller, resolve)) reject(signal?.reason);
    };
    this.#waiting.add(caller, resolve);
    signal?.addEventListener('abort', leave);
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  #leave(): void {
    const next = this.#waiting.take();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
