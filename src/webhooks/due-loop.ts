import type { Taken } from './webhook-store.ts';

export interface DueLoopOptions<Item> {
  /** Items processed at the same time. */
  readonly slots: number;
  /** Takes at most this many due items from the store. */
  readonly take: (count: number) => Promise<Taken<Item>>;
  /** Processes an item and handles its failures. Anything it throws counts as a failure of the store. */
  readonly work: (item: Item) => Promise<void>;
  /** Longest pause between two polls of the store, in milliseconds, as another gateway may have added items. */
  readonly pollMs: number;
  /** Called with each failure of the store, and with undefined after each success. */
  readonly onStore: (failure: unknown) => void;
}

/** Pause after a failure of the store. */
const STORE_PAUSE_MS = 1_000;

/**
 * Processes the items of a store as they become due, a bounded number at a time. One poll of the store runs at a time; a
 * `wake` during a poll makes another one follow.
 */
export class DueLoop<Item> {
  readonly #options: DueLoopOptions<Item>;
  readonly #running = new Set<Promise<void>>();
  /** Not derived from `#taking`: the promise settles later than the loop has checked for a wake. */
  #isTaking = false;
  #taking: Promise<void> | undefined;
  #isAwake = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DueLoopOptions<Item>) {
    this.#options = options;
  }

  /** Polls the store now, because an item may be due. */
  wake(): void {
    if (this.#isStopped) return;
    this.#isAwake = true;
    if (!this.#isTaking) this.#taking = this.#take();
  }

  /** Takes no further items. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Resolves when the items taken before `stop` are processed. */
  async ended(): Promise<void> {
    await this.#taking;
    await Promise.all(this.#running);
  }

  async #take(): Promise<void> {
    const { slots, take, pollMs, onStore } = this.#options;
    this.#isTaking = true;
    clearTimeout(this.#timer);
    let waitMs = pollMs;
    while (this.#isAwake && !this.#isStopped) {
      this.#isAwake = false;
      const free = slots - this.#running.size;
      if (free <= 0) break; // the next item that ends wakes the loop
      try {
        const { items, nextMs = pollMs } = await take(free);
        onStore(undefined);
        for (const item of items) this.#start(item);
        waitMs = Math.min(nextMs, pollMs);
      } catch (failure) {
        onStore(failure);
        waitMs = STORE_PAUSE_MS;
      }
    }
    this.#isTaking = false;
    if (!this.#isStopped && this.#running.size < slots) this.#timer = setTimeout(() => this.wake(), waitMs);
  }

  #start(item: Item): void {
    const running = this.#work(item).finally(() => {
      this.#running.delete(running);
      this.wake();
    });
    this.#running.add(running);
  }

  async #work(item: Item): Promise<void> {
    try {
      await this.#options.work(item);
    } catch (failure) {
      this.#options.onStore(failure);
    }
  }
}
