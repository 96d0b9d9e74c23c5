import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;
const WINDOW_MS = 1_000;

export interface EventLoopWatch {
  /** By how much timers were late for two seconds now, on average over the better of the two; in milliseconds. */
  readonly delayMs: number;
  close(): void;
}

/**
 * How busy the process is. Averages, because one long task is no overload: a garbage collection of 300 ms raises that of
 * its second by 3 ms. And of two seconds the better one: a thousand clients who come at once may take longer than a second,
 * and are served all the same. A loop that never has a free turn raises both.
 */
export function watchEventLoop(): EventLoopWatch {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let [before, latest] = [0, 0];
  const timer = setInterval(() => {
    // Not a number while nothing has been measured.
    [before, latest] = [latest, Math.max(0, (histogram.mean || 0) / 1e6 - RESOLUTION_MS)];
    histogram.reset();
  }, WINDOW_MS).unref();
  return {
    get delayMs() {
      return Math.min(before, latest);
    },
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
