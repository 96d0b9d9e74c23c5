/** Time as the sandbox sees it. Everything that reads the time or waits goes through one of these. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once, `delayMs` of the service's own time from now. */
  schedule(delayMs: number, task: () => void): void;
  /** Drops every task that has not run yet. Nothing runs afterwards. */
  stop(): void;
}

/**
 * How long the real service takes, in milliseconds. It promises no bounds: the manual says "a few seconds",
 * its queues are polled at most every 5 s, its blob trigger fires after some seconds.
 */
export const SERVICE_DELAYS_MS = {
  /** A blob has arrived -> its validation starts. */
  blobTrigger: 3_000,
  /** READY -> WAIT_FOR_SIGNATURE: two queue hops, issuer side to citizen side and back. */
  waitForSignature: 5_000,
} as const;

/**
 * The wall clock, with waits multiplied by `timeScale`.
 *
 * @param timeScale 1 is the pace of the real service, 0.1 ten times as fast.
 */
export function createClock(timeScale: number): Clock {
  const timers = new Set<NodeJS.Timeout>();
  return {
    now: () => Date.now(),
    schedule(delayMs, task) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        task();
      }, delayMs * timeScale);
      timers.add(timer);
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
