/**
 * Counts events by key, in windows of fixed length that begin with the first event of a key. Keys whose windows have ended
 * are removed once per window, as a new key appears.
 */
export class FixedWindows {
  readonly #limit: number;
  readonly #lengthMs: number;
  readonly #windows = new Map<string, { count: number; readonly endsAt: number }>();
  #sweepAt = 0;

  constructor(limit: number, lengthMs: number) {
    this.#limit = limit;
    this.#lengthMs = lengthMs;
  }

  /** Counts an event. @returns 0 within the limit, and beyond it the milliseconds until the window ends */
  take(key: string): number {
    const now = performance.now();
    let window = this.#windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      this.#sweep(now);
      window = { count: 0, endsAt: now + this.#lengthMs };
      this.#windows.set(key, window);
    }
    window.count += 1;
    return window.count > this.#limit ? window.endsAt - now : 0;
  }

  /** Takes back an event that was counted. */
  giveBack(key: string): void {
    const window = this.#windows.get(key);
    if (window !== undefined && window.count > 0) window.count -= 1;
  }

  #sweep(now: number): void {
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + this.#lengthMs;
    for (const [key, { endsAt }] of this.#windows) if (endsAt <= now) this.#windows.delete(key);
  }
}
