import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;
const WINDOW_MS = 1_000;

/**
 * Measures how busy the process is. It averages over one second, because a single long task is no overload: a garbage
 * collection of 300 ms raises the average of its second by 3 ms. It takes the lower of the last two averages, because a
 * thousand clients that connect at once may keep the process busy for more than a second without overloading it.
 */
export class EventLoopMonitor {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  #previousMs = 0;
  #latestMs = 0;

  constructor() {
    this.#histogram.enable();
    this.#timer = setInterval(() => {
      this.#previousMs = this.#latestMs;
      // The mean is NaN while there is no measurement.
      this.#latestMs = Math.max(0, (this.#histogram.mean || 0) / 1e6 - RESOLUTION_MS);
      this.#histogram.reset();
    }, WINDOW_MS).unref();
  }

  /** How late timers are, in milliseconds. */
  get delayMs(): number {
    return Math.min(this.#previousMs, this.#latestMs);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }
}
