/** Moments in ascending order, removed from the front. */
export class Times {
  #moments: number[] = [];
  /** Index of the earliest moment. `Array.shift` would move all others at each removal. */
  #first = 0;

  get size(): number {
    return this.#moments.length - this.#first;
  }

  get earliest(): number | undefined {
    return this.#moments[this.#first];
  }

  /** Adds a moment. One before the latest counts as the latest, which keeps the order. */
  add(moment: number): void {
    this.#moments.push(Math.max(moment, this.#moments.at(-1) ?? moment));
  }

  /** Drops all moments up to `moment`. @returns their number. */
  dropUntil(moment: number): number {
    const sizeBefore = this.size;
    while ((this.earliest ?? Number.POSITIVE_INFINITY) <= moment) this.#first += 1;
    const dropped = sizeBefore - this.size;
    if (this.#first * 2 > this.#moments.length) {
      this.#moments = this.#moments.slice(this.#first);
      this.#first = 0;
    }
    return dropped;
  }
}
