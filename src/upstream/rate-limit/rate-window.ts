/** The rate that the service allows each key: a number of calls in any window. */
export interface RateLimit {
  readonly calls: number;
  readonly windowMs: number;
}

/** The right to make one call in the window. Its owner reports the outcome of the call once. */
export interface Slot {
  /** The answer has begun, so the service has counted the call. @param remaining calls that the service says it still accepts. */
  answered(remaining: number | undefined): void;
  /** The service refused the call because of the rate. @param retryAfterSeconds the wait that it asks for. */
  refused(retryAfterSeconds: number | undefined): void;
  /** The call was not sent, or did not arrive. */
  unused(): void;
}

export interface TakenSlots {
  readonly slots: readonly Slot[];
  /** If fewer slots were taken than wanted: milliseconds until more may be free. */
  readonly retryInMs: number;
}

/** The calls of one key that the service still counts. */
export interface RateWindow {
  /** Takes up to `wanted` slots and leaves `reserve` slots free. It never throws, because queued calls would wait forever. */
  take(wanted: number, reserve: number): TakenSlots | Promise<TakenSlots>;
  /** Takes one slot and leaves `reserve` slots free. Undefined if none is free, or if the window must ask elsewhere. */
  takeNow(reserve: number): Slot | undefined;
  close(): void;
}

/**
 * The service counts a call at some moment between its sending and its answer. Its API gateway counts before any work is
 * done, so at the latest this many milliseconds after sending, even if the answer takes seconds. A longer time would
 * waste slots; a shorter time would cause refusals of calls that are slow to arrive.
 */
export const TRANSIT_MS = 500;

/**
 * The calls of this process, in a sliding window that is never narrower than the window of the service: a call is in it
 * from its sending until one window after the service must have counted it. So the service refuses no call, unless
 * another client uses the same key. `x-rate-limit-remaining` reveals the calls of such a client, and the window leaves
 * room for them.
 */
export class LocalWindow implements RateWindow {
  readonly #limit: RateLimit;
  /** The calls in the order of sending. Those that the service has counted leave the queue when they come to its front. */
  readonly #sent = new Fifo<SentCall>();
  /** Calls that the service may not have counted yet. */
  #uncounted = 0;
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
    const free = this.#free(now, reserve);
    if (now < this.#closedUntil) return { slots: [], retryInMs: this.#closedUntil - now };
    const slots = Array.from({ length: Math.max(0, Math.min(wanted, free)) }, () => this.#send(now));
    return { slots, retryInMs: this.#nextChange(now) - now };
  }

  takeNow(reserve: number): Slot | undefined {
    const now = performance.now();
    return this.#free(now, reserve) > 0 ? this.#send(now) : undefined;
  }

  close(): void {
    // It holds no timer and no connection.
  }

  /** Slots that may be taken now. */
  #free(now: number, reserve: number): number {
    this.#settle(now);
    if (now < this.#closedUntil) return 0;
    const foreign = now < this.#foreign.until ? this.#foreign.calls : 0;
    return this.#limit.calls - this.#held - foreign - reserve;
  }

  get #held(): number {
    return this.#uncounted + this.#leaving.size;
  }

  #send(now: number): Slot {
    const call = new SentCall(now, this.#left, this.#outcomes);
    this.#sent.push(call);
    this.#uncounted += 1;
    return call;
  }

  /** What happens to the slot of a call. */
  readonly #outcomes: Outcomes = {
    answered: (call, remaining) => {
      this.#count(call, performance.now());
      if (remaining !== undefined) this.#learn(remaining, call.leftBefore);
    },
    refused: (call, retryAfterSeconds) => {
      this.#count(call, performance.now());
      // A longer refusal does not concern the window; the answer to the next call says so again.
      const closedMs = Math.min(retryAfterSeconds * 1_000, this.#limit.windowMs);
      this.#closedUntil = Math.max(this.#closedUntil, performance.now() + closedMs);
      // The other client of the key goes on, so its calls stay reserved; otherwise all calls would be refused again.
      this.#foreign.until = this.#closedUntil + this.#limit.windowMs;
    },
    unused: (call) => this.#close(call),
  };

  /** Drops the calls that are no longer in the window. */
  #settle(now: number): void {
    for (let first = this.#sent.first; first !== undefined; first = this.#sent.first) {
      if (first.isOpen && first.sentAt + TRANSIT_MS > now) break;
      this.#count(first, now);
      this.#sent.shift();
    }
    this.#left += this.#leaving.dropUntil(now);
  }

  #count(call: SentCall, now: number): void {
    if (!call.isOpen) return;
    this.#close(call);
    this.#leaving.add(Math.min(now, call.sentAt + TRANSIT_MS) + this.#limit.windowMs);
  }

  #close(call: SentCall): void {
    if (!call.isOpen) return;
    call.isOpen = false;
    this.#uncounted -= 1;
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
    // All calls before the first open one have settled.
    const firstSentAt = this.#sent.first?.sentAt ?? Number.POSITIVE_INFINITY;
    return Math.min(
      this.#leaving.earliest ?? Number.POSITIVE_INFINITY,
      firstSentAt + TRANSIT_MS + this.#limit.windowMs,
      this.#foreign.until > now ? this.#foreign.until : Number.POSITIVE_INFINITY,
    );
  }
}

interface Outcomes {
  readonly answered: (call: SentCall, remaining: number | undefined) => void;
  readonly refused: (call: SentCall, retryAfterSeconds: number) => void;
  readonly unused: (call: SentCall) => void;
}

/** The slot of a call. */
class SentCall implements Slot {
  readonly sentAt: number;
  /** Calls that had left the window before. */
  readonly leftBefore: number;
  /** Whether the service may not have counted it yet. */
  isOpen = true;
  readonly #outcomes: Outcomes;

  constructor(sentAt: number, leftBefore: number, outcomes: Outcomes) {
    this.sentAt = sentAt;
    this.leftBefore = leftBefore;
    this.#outcomes = outcomes;
  }

  answered(remaining: number | undefined): void {
    this.#outcomes.answered(this, remaining);
  }

  refused(retryAfterSeconds = 1): void {
    this.#outcomes.refused(this, retryAfterSeconds);
  }

  unused(): void {
    this.#outcomes.unused(this);
  }
}

/** A queue whose items leave from the front. `Array.shift` would move all others at each removal. */
class Fifo<Item> {
  #items: Item[] = [];
  /** Index of the first item. */
  #start = 0;

  get size(): number {
    return this.#items.length - this.#start;
  }

  get first(): Item | undefined {
    return this.#items[this.#start];
  }

  get last(): Item | undefined {
    return this.size === 0 ? undefined : this.#items.at(-1);
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Removes the first item. */
  shift(): void {
    this.#start += 1;
    if (this.#start * 2 <= this.#items.length) return;
    this.#items = this.#items.slice(this.#start);
    this.#start = 0;
  }
}

/** Moments in ascending order, removed from the front. */
export class Times {
  readonly #moments = new Fifo<number>();

  get size(): number {
    return this.#moments.size;
  }

  get earliest(): number | undefined {
    return this.#moments.first;
  }

  /** Adds a moment. One before the latest counts as the latest, which keeps the order. */
  add(moment: number): void {
    this.#moments.push(Math.max(moment, this.#moments.last ?? moment));
  }

  /** Drops all moments up to `moment`. @returns their number. */
  dropUntil(moment: number): number {
    const sizeBefore = this.size;
    while ((this.earliest ?? Number.POSITIVE_INFINITY) <= moment) this.#moments.shift();
    return sizeBefore - this.size;
  }
}
