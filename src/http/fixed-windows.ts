interface Window {
  count: number;
  readonly endsAt: number;
}

/** Events that were counted in advance. */
export interface Lease {
  readonly events: number;
  /** Until the window ends. */
  readonly ms: number;
}

/** Large enough that leasing costs little. */
const LEASE_PART = 1 / 100;

/**
 * Counts events by key, in windows of fixed length that begin with the first event of a key. Keys whose windows have ended
 * are removed once per window, as a new key appears.
 */
export class FixedWindows {
  readonly #limit: number;
  readonly #lengthMs: number;
  readonly #windows = new Map<string, Window>();
  #sweepAt = 0;

  constructor(limit: number, lengthMs: number) {
    this.#limit = limit;
    this.#lengthMs = lengthMs;
  }

  /** Counts an event. @returns 0 within the limit, and beyond it the milliseconds until the window ends */
  take(key: string): number {
    const now = performance.now();
    const window = this.#windowOf(key, now);
    window.count += 1;
    return window.count > this.#limit ? window.endsAt - now : 0;
  }

  /**
   * Counts up to a hundredth of the limit at once, for another process.
   * @returns how many events it may count by itself, 0 beyond the limit, and the milliseconds until the window ends
   */
  lease(key: string): Lease {
    const now = performance.now();
    const window = this.#windowOf(key, now);
    const events = Math.max(0, Math.min(this.#limit - window.count, Math.ceil(this.#limit * LEASE_PART)));
    window.count += events;
    return { events, ms: window.endsAt - now };
  }

  /** Takes back an event that was counted. */
  giveBack(key: string): void {
    const window = this.#windows.get(key);
    if (window !== undefined && window.count > 0) window.count -= 1;
  }

  #windowOf(key: string, now: number): Window {
    const current = this.#windows.get(key);
    if (current !== undefined && current.endsAt > now) return current;
    this.#sweep(now);
    const window = { count: 0, endsAt: now + this.#lengthMs };
    this.#windows.set(key, window);
    return window;
  }

  #sweep(now: number): void {
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + this.#lengthMs;
    for (const [key, { endsAt }] of this.#windows) if (endsAt <= now) this.#windows.delete(key);
  }
}
