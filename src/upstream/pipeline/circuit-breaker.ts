import type { GatewayEventMap, GatewayEvents } from '../../observability/events.ts';
import { UpstreamError } from '../failure/upstream-error.ts';
import { healthAfter } from './origin-health.ts';
import type { Attempt, Health } from './origin-health.ts';

type Change = GatewayEventMap['breaker'][0];

/** When an origin is left alone. */
export interface CircuitLimits {
  /** After so many failures in a row. */
  readonly failures: number;
  /** For so long, in milliseconds. Then one call tries, while all others are still refused. */
  readonly openMs: number;
}

export interface CircuitBreakerOptions extends CircuitLimits {
  readonly origin: Change['origin'];
  readonly events: GatewayEvents;
}

/**
 * Keeps calls from an origin that fails all of them: their callers are told at once instead of after the time of a call,
 * and it is left alone while it recovers.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #state: Change['state'] = 'closed';
  /** In a row, while the circuit is closed. */
  #failures = 0;
  /** When the next call may try, unless the circuit is closed. On a clock that cannot be set. */
  #nextTrialAt = 0;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  /** @throws {UpstreamError} `circuit-open` while no call is made. */
  check(operation: string): void {
    const leftMs = this.#nextTrialAt - performance.now();
    if (this.#state === 'closed' || leftMs <= 0) return;
    // A trial is soon over, as a rule.
    const retryAfterSeconds = this.#state === 'half-open' ? 1 : Math.ceil(leftMs / 1_000);
    throw new UpstreamError({ operation, kind: 'circuit-open', retryAfterSeconds });
  }

  /**
   * Makes an attempt, and learns from it.
   * @throws {UpstreamError} `circuit-open` while no call is made; else what the attempt throws.
   */
  async run<T>(attempt: Attempt, make: () => Promise<T>): Promise<T> {
    this.check(attempt.operation);
    const isTrial = this.#state !== 'closed';
    if (isTrial) this.#become('half-open');
    try {
      const value = await make();
      this.#learn('works', isTrial);
      return value;
    } catch (failure) {
      this.#learn(healthAfter(attempt, failure), isTrial);
      throw failure;
    }
  }

  #learn(health: Health, isTrial: boolean): void {
    if (this.#state === 'closed') {
      if (health === 'works') this.#failures = 0;
      if (health === 'fails') this.#failures += 1;
      if (this.#failures >= this.#options.failures) this.#become('open');
    } else if (isTrial) {
      // What proves nothing does not end a trial well. Calls from before the circuit opened prove nothing either.
      this.#become(health === 'works' ? 'closed' : 'open');
    }
  }

  #become(state: Change['state']): void {
    const { origin, openMs, events } = this.#options;
    const hasChanged = state !== this.#state;
    this.#state = state;
    this.#failures = 0;
    // Also while one tries: a trial may last as long as a client takes to send a file, and then another call tries.
    this.#nextTrialAt = performance.now() + openMs;
    if (hasChanged) events.emit('breaker', { origin, state });
  }
}
