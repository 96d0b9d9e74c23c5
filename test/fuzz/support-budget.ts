/** Inputs of each suite, in each world of `support-settings.ts`. */
export const INPUTS = {
  operations: { laptop: 4_000, production: 2_500, tenants: 2_500 },
  downloads: { laptop: 800, production: 600, tenants: 600 },
  multipart: { laptop: 2_000, production: 1_200, tenants: 800 },
  http: { laptop: 3_000, production: 2_000, tenants: 600 },
} as const;

/** The minimum number of inputs in total. */
export const LEAST_INPUTS = 10_000;

/** `FUZZ_SEED`, a whole number up to 2^31 - 1, repeats a run. Without it each run has a new seed, which a failure prints. */
export const SEED = seedOf(process.env['FUZZ_SEED']);

function seedOf(text: string | undefined): number {
  if (text === undefined) return Math.floor(Math.random() * 2 ** 31);
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31)
    throw new RangeError('FUZZ_SEED must be a whole number');
  return seed;
}

/** Damaged PDFs. `FUZZ_PDFS=20000` for a long run. */
export const PDFS = Number(process.env['FUZZ_PDFS'] ?? 2_000);
