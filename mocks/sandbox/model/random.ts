/**
 * A seeded random sequence: the same seed gives the same numbers. It is mulberry32, whose 32 bits of state are sufficient
 * for ids and probabilities, not for secrets.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** The next number, from 0 to less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** The state of the sequence: a seed that continues it. */
  state(): number {
    return this.#state;
  }

  restore(state: number): void {
    this.#state = state;
  }
}
