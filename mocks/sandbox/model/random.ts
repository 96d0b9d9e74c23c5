/** Chance that repeats itself: the same seed gives the same numbers. */
export interface Random {
  /** 0 up to 1, without 1. */
  next(): number;
  /** Where the sequence stands: a seed from which it goes on. */
  state(): number;
  restore(state: number): void;
}

/** mulberry32: 32 bits of state, good enough for identifiers and dice, not for secrets. */
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
