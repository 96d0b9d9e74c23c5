/** What the service allows each key: so many calls in any window. */
export interface RateLimit {
  readonly calls: number;
  readonly windowMs: number;
}

/** One call's place in the window. Tell it what becomes of the call, once. */
export interface Place {
  /** An answer has begun: the call was counted by now. @param remaining how many more the service says it would take. */
  answered(remaining: number | undefined): void;
  /** The service has refused the call for the rate, and says after how many seconds to come back. */
  refused(retryAfterSeconds: number | undefined): void;
  /** The call was not sent, or did not arrive. */
  unused(): void;
}

export interface Taken {
  readonly places: readonly Place[];
  /** When fewer places were taken than wanted: after how many milliseconds there may be more. */
  readonly retryInMs: number;
}

/** The calls that one key has made, as far as the service still counts them. */
export interface RateWindow {
  /** Takes up to `wanted` places, as long as `spare` places stay free. Never throws: calls would wait for ever. */
  take(wanted: number, spare: number): Taken | Promise<Taken>;
  close(): void;
}

/**
 * A call counts from some moment between its sending and its answer. The API gateway counts it before anything is done
 * for it, so it has been counted at the latest this many milliseconds after it was sent, though its answer may take
 * seconds. A longer time would waste places, a shorter one would get calls refused that were long under way.
 */
export const TRANSIT_MS = 500;
