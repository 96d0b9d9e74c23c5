import { Fifo } from './fifo.ts';

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
