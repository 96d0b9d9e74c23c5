import { FairQueue } from '../rate-limit/fair-queue.ts';

export interface BulkheadRequest {
  readonly caller: string;
  readonly signal: AbortSignal | undefined;
}

/** The queue of the bulkhead is full. */
export class BulkheadFullError extends Error {
  override readonly name = 'BulkheadFullError';
}

/** Limits how many calls run at once. Others queue, callers round-robin. Slow calls inside do not fill what lies behind. */
export class Bulkhead {
  readonly #maxWaiting: number;
  readonly #waiting = new FairQueue<() => void>();
  #free: number;

  constructor({ slots, maxWaiting }: { readonly slots: number; readonly maxWaiting: number }) {
    this.#free = slots;
    this.#maxWaiting = maxWaiting;
  }

  /** How long the oldest call has waited, in milliseconds; 0 when no call waits. */
  get oldestMs(): number {
    return this.#waiting.oldestMs;
  }

  /** @throws {BulkheadFullError} @throws the reason of the signal when it aborts first. */
  async acquire({ caller, signal }: BulkheadRequest): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(caller, signal);
    return { [Symbol.dispose]: () => this.#release() };
  }

  async #wait(caller: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) throw new BulkheadFullError('too many calls wait');
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

  #release(): void {
    const next = this.#waiting.take();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
