import { setTimeout as pause } from 'node:timers/promises';

/** An answer that has not come after that long is looked into. */
const PATIENCE_MS = 2_000;
/** Other requests that are answered meanwhile, one after another, with a pause before each: 2 s more at least. */
const OTHERS = 10;
const BETWEEN_OTHERS_MS = 200;
/** The machine may be slow, and not dead. */
const LAST_MS = 60_000;

/** The gateway leaves a request without an answer. */
class HangError extends Error {
  override readonly name = 'HangError';
}

/**
 * Waits for the gateway, and tells one that hangs from one on a slow machine: it hangs when it goes on answering others
 * while this request waits. One that answers nobody is blocked, which the processor time of its process tells (see
 * `support-probe.ts`), or dead.
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
        throw new HangError(`the gateway has answered nobody for ${LAST_MS / 1000} s`);
    }
    if (!isSettled) throw new HangError(`no answer while ${OTHERS} other requests were answered`);
  }
  return work;
}

const LATE = 'late';

/** What `work` comes to, unless the time is up before. */
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
