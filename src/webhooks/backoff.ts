/**
 * Pauses after the first, the second, … attempt in vain, in milliseconds: seconds for a receiver that is being restarted,
 * hours for one whose people must be woken up. The last holds for all further attempts.
 */
export const PAUSES_MS: readonly number[] = [
  5_000,
  30_000,
  2 * 60_000,
  10 * 60_000,
  60 * 60_000,
  3 * 60 * 60_000,
];
/** A receiver may ask for more time than that, within reason. */
const LONGEST_ASKED_MS = 60 * 60_000;

/**
 * The pause before the next attempt, a fifth longer or shorter by chance: lest all that failed together come together.
 * @param attempts that were in vain, from 1.
 * @param askedMs what the receiver has asked for (`Retry-After`).
 */
export function pauseAfter(
  attempts: number,
  { pausesMs = PAUSES_MS, askedMs = 0, random = Math.random } = {},
): number {
  const pauseMs = pausesMs[Math.min(attempts, pausesMs.length) - 1] ?? 0;
  return Math.max(Math.round(pauseMs * (0.8 + 0.4 * random())), Math.min(askedMs, LONGEST_ASKED_MS));
}
