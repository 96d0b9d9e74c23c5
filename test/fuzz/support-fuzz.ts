import fc from 'fast-check';
import { SEED } from './support-budget.ts';
import { Draw } from './support-draw.ts';

/** Time to shrink an input that hangs, which needs a timeout at each step. */
const LONGEST_RUN_MS = 9 * 60_000;
const SHOWN_CHARACTERS = 4_000;

/**
 * Tries the given number of inputs, one after another. @throws {Error} with the smallest failing input, and the seed that
 * repeats it
 */
export async function fuzz(
  what: string,
  inputs: number,
  attempt: (draw: Draw, show: (input: Buffer) => void) => Promise<void>,
): Promise<void> {
  console.log(`${what}: ${inputs} inputs, FUZZ_SEED=${SEED}`);
  let shown = '';
  let failed: { readonly input: string; readonly cause: unknown } | undefined;
  const property = fc.asyncProperty(fc.gen(), async (draw) => {
    try {
      await attempt(new Draw(draw), (input) => (shown = input.toString('latin1', 0, SHOWN_CHARACTERS)));
    } catch (cause) {
      failed = { input: shown, cause };
      throw cause;
    }
  });
  const { numRuns, numShrinks, interrupted } = await fc.check(property, {
    numRuns: inputs,
    seed: SEED,
    interruptAfterTimeLimit: LONGEST_RUN_MS,
  });
  if (failed !== undefined) {
    const { input, cause } = failed;
    const how = `input ${numRuns}, shrunk ${numShrinks} times; FUZZ_SEED=${SEED} repeats it`;
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n${how}\n${input}`, { cause });
  }
  if (interrupted || numRuns !== inputs)
    throw new Error(`only ${numRuns} of ${inputs} inputs were tried in time`);
}
