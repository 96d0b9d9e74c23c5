/** A queue whose items leave from the front. `Array.shift` would move all others at each removal. */
export class Fifo<Item> {
  #items: Item[] = [];
  /** Index of the first item. */
  #start = 0;

  get size(): number {
    return this.#items.length - this.#start;
  }

  get first(): Item | undefined {
    return this.#items[this.#start];
  }

  get last(): Item | undefined {
    return this.size === 0 ? undefined : this.#items.at(-1);
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Removes the first item. */
  shift(): void {
    this.#start += 1;
    if (this.#start * 2 <= this.#items.length) return;
    this.#items = this.#items.slice(this.#start);
    this.#start = 0;
  }
}

/** Moments in ascending order, removed from the front. */
export class Times {
  readonly #moments = new Fifo<number>();

  get size(): number {
    return this.#moments.size;
  }

  get earliest(): number | undefined {
    return this.#moments.first;
  }

  /** Adds a moment. One before the latest counts as the latest, which keeps the order. */
  add(moment: number): void {
    this.#moments.push(Math.max(moment, this.#moments.last ?? moment));
  }

  /** Drops all moments up to `moment`. @returns their number. */
  dropUntil(moment: number): number {
    const sizeBefore = this.size;
    while ((this.earliest ?? Number.POSITIVE_INFINITY) <= moment) this.#moments.shift();
    return sizeBefore - this.size;
  }
}
