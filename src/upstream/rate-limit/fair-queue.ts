/**
 * Those who wait, in an order that is fair between callers: one of each in turn, and of one caller first come, first
 * served. Whoever asks for much waits for itself. Everything but `oldestMs` and `dropFromLongest` takes the
 * same time however many wait.
 */
export class FairQueue<Item> {
  /** In the order of their turns, with the time at which each item was added. A caller without items has no lane. */
  readonly #lanes = new Map<string, Map<Item, number>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** For how many milliseconds the oldest has waited; 0 when none waits. */
  get oldestMs(): number {
    const now = performance.now();
    let oldest = now;
    for (const lane of this.#lanes.values()) {
      const [addedAt = now] = lane.values();
      oldest = Math.min(oldest, addedAt);
    }
    return now - oldest;
  }

  add(caller: string, item: Item): void {
    const lane = this.#lanes.get(caller);
    const now = performance.now();
    if (lane === undefined) this.#lanes.set(caller, new Map([[item, now]]));
    else lane.set(item, now);
    this.#size += 1;
  }

  /** The next. Its caller's turn comes again after that of all others. */
  take(): Item | undefined {
    for (const [caller, lane] of this.#lanes) {
      for (const item of lane.keys()) {
        this.#remove(caller, lane, item);
        if (lane.size > 0) {
          this.#lanes.delete(caller);
          this.#lanes.set(caller, lane);
        }
        return item;
      }
    }
    return undefined;
  }

  /** @returns false when the item is no longer there. */
  delete(caller: string, item: Item): boolean {
    const lane = this.#lanes.get(caller);
    if (lane === undefined || !lane.has(item)) return false;
    this.#remove(caller, lane, item);
    return true;
  }

  /** Takes out the last item of the caller who has most: what a queue that is full gives up, so that a flood drops itself. */
  dropFromLongest(): Item | undefined {
    let longest: readonly [string, Map<Item, number>] | undefined;
    for (const entry of this.#lanes) {
      if (longest === undefined || entry[1].size > longest[1].size) longest = entry;
    }
    const last = longest && [...longest[1].keys()].at(-1);
    if (longest !== undefined && last !== undefined) this.#remove(...longest, last);
    return last;
  }

  #remove(caller: string, lane: Map<Item, number>, item: Item): void {
    lane.delete(item);
    this.#size -= 1;
    if (lane.size === 0) this.#lanes.delete(caller);
  }
}
