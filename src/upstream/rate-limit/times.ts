/** Moments in order, of which the earliest go first. */
export class Times {
  #moments: number[] = [];
  /** Those before it are gone; `Array.shift` would move all others for each. */
  #first = 0;

  get size(): number {
    return this.#moments.length - this.#first;
  }

  get earliest(): number | undefined {
    return this.#moments[this.#first];
  }

  /** A moment before the latest counts as the latest: the order stays. */
  add(moment: number): void {
    this.#moments.push(Math.max(moment, this.#moments.at(-1) ?? moment));
  }

  /** Drops all up to `moment`. @returns how many. */
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
