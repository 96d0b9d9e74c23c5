/** Inputs of each suite, in each of the worlds of `support-settings.ts`. */
export const INPUTS = {
  operations: { laptop: 4_000, production: 2_500, tenants: 2_500 },
  downloads: { laptop: 800, production: 600, tenants: 600 },
  multipart: { laptop: 2_000, production: 1_200, tenants: 800 },
  http: { laptop: 3_000, production: 2_000, tenants: 600 },
} as const;

/** What all of them must come to. */
export const LEAST_INPUTS = 10_000;

/**
 * `FUZZ_SEED` repeats a run, whole numbers up to 2^31 - 1. Without it each run tries something else, and says what it was.
 */
export const SEED = seedOf(process.env['FUZZ_SEED']);

function seedOf(text: string | undefined): number {
  if (text === undefined) return Math.floor(Math.random() * 2 ** 31);
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31) throw new RangeError('FUZZ_SEED is no seed');
  return seed;
}
