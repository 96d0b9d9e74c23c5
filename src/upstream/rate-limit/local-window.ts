import { TRANSIT_MS } from './rate-window.ts';
import type { RateLimit, RateWindow, Slot, TakenSlots } from './rate-window.ts';
import { Times } from './times.ts';

/**
 * The calls of this process, in a sliding window that is never narrower than the window of the service: a call is in it
 * from its sending until one window after the service must have counted it. So the service refuses no call, unless
 * another client uses the same key. `x-rate-limit-remaining` reveals the calls of such a client, and the window leaves
 * room for them.
 */
export class LocalWindow implements RateWindow {
  readonly #limit: RateLimit;
  /** When each call was sent that the service may not have counted yet, in the order of sending. */
  readonly #sent = new Map<Slot, number>();
  /** When each counted call leaves the window, the earliest first. */
  readonly #leaving = new Times();
  /** Calls that have left the window since it was created. */
  #left = 0;
  /** Calls of other clients of the key, and until when they count. */
  #foreign = { calls: 0, until: 0 };
  #closedUntil = 0;

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  take(wanted: number, reserve: number): TakenSlots {
    const now = performance.now();
    this.#settle(now);
    if (now < this.#closedUntil) return { slots: [], retryInMs: this.#closedUntil - now };
    const foreign = now < this.#foreign.until ? this.#foreign.calls : 0;
    const free = this.#limit.calls - this.#held - foreign - reserve;
    const slots = Array.from({ length: Math.max(0, Math.min(wanted, free)) }, () => this.#send(now));
    return { slots, retryInMs: this.#nextChange(now) - now };
  }

  close(): void {
    // It holds no timer and no connection.
  }

  get #held(): number {
    return this.#sent.size + this.#leaving.size;
  }

  #send(now: number): Slot {
    const leftBefore = this.#left;
    const slot: Slot = {
      answered: (remaining) => {
        this.#count(slot, performance.now());
        if (remaining !== undefined) this.#learn(remaining, leftBefore);
      },
      refused: (retryAfterSeconds = 1) => {
        this.#count(slot, performance.now());
        // A longer refusal does not concern the window; the answer to the next call says so again.
        const closedMs = Math.min(retryAfterSeconds * 1_000, this.#limit.windowMs);
        this.#closedUntil = Math.max(this.#closedUntil, performance.now() + closedMs);
        // The other client of the key continues, so its calls stay reserved; otherwise all calls would be refused again.
        this.#foreign.until = this.#closedUntil + this.#limit.windowMs;
      },
      unused: () => void this.#sent.delete(slot),
    };
    this.#sent.set(slot, now);
    return slot;
  }

  /** Drops the calls that are no longer in the window. */
  #settle(now: number): void {
    for (const [slot, sentAt] of this.#sent) {
      if (sentAt + TRANSIT_MS > now) break;
      this.#count(slot, now);
    }
    this.#left += this.#leaving.dropUntil(now);
  }

  #count(slot: Slot, now: number): void {
    const sentAt = this.#sent.get(slot);
    if (sentAt === undefined) return;
    this.#sent.delete(slot);
    this.#leaving.add(Math.min(now, sentAt + TRANSIT_MS) + this.#limit.windowMs);
  }

  /**
   * Computes the calls of other clients as a lower bound: every call of this process counts as its own that was in the
   * window at any time since the answered call was sent.
   */
  #learn(remaining: number, leftBefore: number): void {
    const now = performance.now();
    this.#settle(now);
    const own = this.#held + this.#left - leftBefore;
    const calls = this.#limit.calls - remaining - own;
    if (calls < this.#foreign.calls && now < this.#foreign.until) return;
    this.#foreign = { calls: Math.max(0, calls), until: now + this.#limit.windowMs };
  }

  #nextChange(now: number): number {
    const [firstSentAt] = this.#sent.values();
    return Math.min(
      this.#leaving.earliest ?? Number.POSITIVE_INFINITY,
      (firstSentAt ?? Number.POSITIVE_INFINITY) + TRANSIT_MS + this.#limit.windowMs,
      this.#foreign.until > now ? this.#foreign.until : Number.POSITIVE_INFINITY,
    );
  }
}
