import { Bulkhead } from '../upstream/pipeline/bulkhead.ts';
import { Deadline } from '../upstream/pipeline/deadline.ts';

/** Upstream calls of an operation that waits for its turn: the pages of a list with their dossier have no more. */
const MANY_CALLS = 10;
/** Such operations at once. Each has up to ten reads in flight, so together they can use all 50 connections to the service. */
const AT_ONCE = 5;
/** In milliseconds. No operation waits longer for operations that are slow themselves. */
const LONGEST_WAIT_MS = 250;

/**
 * Runs operations of many upstream calls a few at a time, callers round-robin, and all others at once.
 *
 * Operations that run at the same time delay each other, and what an operation holds for longer than two collections of the
 * young generation becomes old. All that is attached to it later, such as the answers of the service, is then kept until
 * the next full collection. An operation that waits before it begins holds almost nothing.
 */
export class Turns {
  readonly #bulkhead = new Bulkhead({ slots: AT_ONCE, maxWaiting: Number.POSITIVE_INFINITY });

  /** @param work of an operation that needs up to `calls` upstream calls */
  take<T>(calls: number, caller: string, work: () => Promise<T>): Promise<T> {
    return calls <= MANY_CALLS ? work() : this.#inTurn(caller, work);
  }

  async #inTurn<T>(caller: string, work: () => Promise<T>): Promise<T> {
    using _slot = await this.#slot(caller);
    return await work();
  }

  /** @returns undefined for an operation that has waited long enough, which then takes no slot */
  async #slot(caller: string): Promise<Disposable | undefined> {
    using deadline = new Deadline(LONGEST_WAIT_MS);
    try {
      return await this.#bulkhead.acquire({ caller, signal: deadline.signal });
    } catch (cause) {
      if (deadline.hasExpired) return undefined;
      throw cause;
    }
  }
}
