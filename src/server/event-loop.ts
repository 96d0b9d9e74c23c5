import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;
const WINDOW_MS = 1_000;

export interface EventLoopWatch {
  /** By how much timers were late, on average over the last second; in milliseconds. */
  readonly delayMs: number;
  close(): void;
}

/**
 * How busy the process is. The average of a second, because one long task is no overload: a garbage collection of 300 ms
 * raises it by 3 ms, and a loop that never has a free turn raises it at once.
 */
export function watchEventLoop(): EventLoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let delayMs = 0;
  const timer = setInterval(() => {
    // Not a number while nothing has been measured.
    delayMs = Math.max(0, (histogram.mean || 0) / 1e6 - RESOLUTION_MS);
    histogram.reset();
  }, WINDOW_MS).unref();
  return {
    get delayMs() {
      return delayMs;
    },
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
