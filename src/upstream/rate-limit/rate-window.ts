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
