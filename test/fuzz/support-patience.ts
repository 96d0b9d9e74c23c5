import { setTimeout as pause } from 'node:timers/promises';

/** After this time a missing answer is investigated. */
const PATIENCE_MS = 2_000;
/** Other requests that are sent in the meantime, one after another, with a pause before each: at least 2 s more. */
const OTHERS = 10;
const BETWEEN_OTHERS_MS = 200;
/** The limit for a slow machine. */
const LAST_MS = 60_000;

/** The gateway does not answer a request. */
class HangError extends Error {
  override readonly name = 'HangError';
}

/**
 * Waits for the gateway, and distinguishes a hanging request from a slow machine: the request hangs if the gateway answers others in the meantime. A gateway that answers no request is blocked, which its processor time shows (see `support-probe.ts`), or dead.
 * @throws {HangError}
 */
export async function settled<T>(work: Promise<T>, askAnother: () => Promise<unknown>): Promise<T> {
  let isSettled = false;
  const settle = (): void => void (isSettled = true);
  work.then(settle, settle);
  if ((await before(work, PATIENCE_MS)) === LATE) {
    for (let others = 0; others < OTHERS && !isSettled; others += 1) {
      if ((await before(work, BETWEEN_OTHERS_MS)) !== LATE) break;
      if ((await before(Promise.race([work, askAnother()]), LAST_MS)) === LATE)
        throw new HangError(`the gateway has answered no request for ${LAST_MS / 1000} s`);
    }
    if (!isSettled) throw new HangError(`no answer while ${OTHERS} other requests were answered`);
  }
  return work;
}

const LATE = 'late';

/** The result of `work`, or `LATE` at the timeout. */
async function before(work: Promise<unknown>, milliseconds: number): Promise<unknown> {
  const over = new AbortController();
  const late = pause(milliseconds, undefined, { signal: over.signal }).then(
    () => LATE,
    () => LATE,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
