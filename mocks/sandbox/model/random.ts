/** A seeded random sequence: the same seed gives the same numbers. */
export interface Random {
  /** The next number, from 0 to less than 1. */
  next(): number;
  /** The state of the sequence: a seed that continues it. */
  state(): number;
  restore(state: number): void;
}

/** mulberry32: 32 bits of state, sufficient for ids and probabilities, not for secrets. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
    state: () => state,
    restore(earlier) {
      state = earlier;
    },
  };
}
