/**
 * A queue that is fair between callers: it serves callers round-robin, and the items of one caller first come, first
 * served. A caller with many items delays only itself. All operations take constant time, except `oldestMs` and
 * `dropFromLongest`, which are linear in the number of callers.
 */
export class FairQueue<Item> {
  /** The items of each caller with the time of their addition, in round-robin order. A caller without items has no lane. */
  readonly #lanes = new Map<string, Map<Item, number>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How long the oldest item has waited, in milliseconds; 0 for an empty queue. */
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

  /** Removes the next item. Its caller is served again after all others. */
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

  /** @returns false when the item is no longer in the queue. */
  delete(caller: string, item: Item): boolean {
    const lane = this.#lanes.get(caller);
    if (lane === undefined || !lane.has(item)) return false;
    this.#remove(caller, lane, item);
    return true;
  }

  /** Removes the last item of the caller with the most items, so that the caller that floods a full queue bears the loss. */
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
