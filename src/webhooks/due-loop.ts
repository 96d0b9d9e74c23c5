import type { Taken } from './webhook-store.ts';

export interface DueLoopOptions<Item> {
  /** Things that are worked at the same time. */
  readonly slots: number;
  /** What is due, so many at most. */
  readonly take: (count: number) => Promise<Taken<Item>>;
  /** Must say itself what went wrong with the item: what it throws counts as a failure of the store. */
  readonly work: (item: Item) => Promise<void>;
  /** Longest time between two looks: somebody else may have planned something. In milliseconds. */
  readonly lookMs: number;
  /** The store could not be asked, or (undefined) it could. */
  readonly onStore: (failure: unknown) => void;
}

/** How soon a store that could not be asked is asked again. */
const STORE_PAUSE_MS = 1_000;

/**
 * Works off what a store says is due, as it becomes due, a bounded number at a time. One look at the store is under way at
 * a time; a kick during it makes another one follow.
 */
export class DueLoop<Item> {
  readonly #options: DueLoopOptions<Item>;
  readonly #running = new Set<Promise<void>>();
  /** Its own flag: a promise would still be there in the moment between the last look and its end. */
  #isTaking = false;
  #taking: Promise<void> | undefined;
  #isKicked = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DueLoopOptions<Item>) {
    this.#options = options;
  }

  /** Something may be due. */
  kick(): void {
    if (this.#isStopped) return;
    this.#isKicked = true;
    if (!this.#isTaking) this.#taking = this.#take();
  }

  /** Takes nothing more. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** When what was taken before `stop` is done. */
  async ended(): Promise<void> {
    await this.#taking;
    await Promise.all(this.#running);
  }

  async #take(): Promise<void> {
    const { slots, take, lookMs, onStore } = this.#options;
    this.#isTaking = true;
    clearTimeout(this.#timer);
    let waitMs = lookMs;
    while (this.#isKicked && !this.#isStopped) {
      this.#isKicked = false;
      const free = slots - this.#running.size;
      if (free <= 0) break; // the next that ends kicks
      try {
        const { items, nextMs = lookMs } = await take(free);
        onStore(undefined);
        for (const item of items) this.#begin(item);
        waitMs = Math.min(nextMs, lookMs);
      } catch (failure) {
        onStore(failure);
        waitMs = STORE_PAUSE_MS;
      }
    }
    this.#isTaking = false;
    if (!this.#isStopped && this.#running.size < slots) this.#timer = setTimeout(() => this.kick(), waitMs);
  }

  #begin(item: Item): void {
    const running = this.#work(item).finally(() => {
      this.#running.delete(running);
      this.kick();
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
