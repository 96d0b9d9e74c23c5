import { TRANSIT_MS } from './rate-window.ts';
import type { Place, RateLimit, RateWindow, Taken } from './rate-window.ts';
import { Times } from './times.ts';

/**
 * The calls of this process, in a sliding window that is never narrower than the service's: a call is in it from its
 * sending until one window after the service is sure to have counted it. So nothing is refused, unless somebody else uses
 * the key too. That shows in `x-rate-limit-remaining`: what is missing beyond our own calls is theirs, and left to them.
 */
export class LocalWindow implements RateWindow {
  readonly #limit: RateLimit;
  /** Sent, and perhaps not counted yet: when, in the order of sending. */
  readonly #sent = new Map<Place, number>();
  /** When each call that has been counted leaves the window, the earliest first. */
  readonly #leaving = new Times();
  /** How many have left the window since it exists. */
  #left = 0;
  #foreign = { calls: 0, until: 0 };
  #closedUntil = 0;

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  take(wanted: number, spare: number): Taken {
    const now = performance.now();
    this.#settle(now);
    if (now < this.#closedUntil) return { places: [], retryInMs: this.#closedUntil - now };
    const foreign = now < this.#foreign.until ? this.#foreign.calls : 0;
    const free = this.#limit.calls - this.#held - foreign - spare;
    const places = Array.from({ length: Math.max(0, Math.min(wanted, free)) }, () => this.#send(now));
    return { places, retryInMs: this.#nextChange(now) - now };
  }

  close(): void {
    // It holds nothing that outlives it.
  }

  get #held(): number {
    return this.#sent.size + this.#leaving.size;
  }

  #send(now: number): Place {
    const leftBefore = this.#left;
    const place: Place = {
      answered: (remaining) => {
        this.#count(place, performance.now());
        if (remaining !== undefined) this.#learn(remaining, leftBefore);
      },
      refused: (retryAfterSeconds = 1) => {
        this.#count(place, performance.now());
        // What is refused for longer is not about the window, and the next call is told so itself.
        const closedMs = Math.min(retryAfterSeconds * 1_000, this.#limit.windowMs);
        this.#closedUntil = Math.max(this.#closedUntil, performance.now() + closedMs);
        // Whoever took what we thought was ours goes on, or all would rush in and be refused again.
        this.#foreign.until = this.#closedUntil + this.#limit.windowMs;
      },
      unused: () => void this.#sent.delete(place),
    };
    this.#sent.set(place, now);
    return place;
  }

  /** Drops what is no longer in the window. */
  #settle(now: number): void {
    for (const [place, sentAt] of this.#sent) {
      if (sentAt + TRANSIT_MS > now) break;
      this.#count(place, now);
    }
    this.#left += this.#leaving.dropUntil(now);
  }

  #count(place: Place, now: number): void {
    const sentAt = this.#sent.get(place);
    if (sentAt === undefined) return;
    this.#sent.delete(place);
    this.#leaving.add(Math.min(now, sentAt + TRANSIT_MS) + this.#limit.windowMs);
  }

  /**
   * Calls that are counted and not ours. A lower bound: of our own, those may be among them that were in the window at any
   * time since the call was sent that tells of it.
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
