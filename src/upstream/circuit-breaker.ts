import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleType } from 'cockatiel';
import type { GatewayEventMap, GatewayEvents } from '../events.ts';
import { UpstreamError } from './errors.ts';
import { healthAfter } from './origin-health.ts';
import type { Attempt } from './origin-health.ts';

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
  readonly #openMs: number;
  readonly #policy;
  #openedAt = 0;

  constructor({ origin, failures, openMs, events }: CircuitBreakerOptions) {
    this.#openMs = openMs;
    this.#policy = circuitBreaker(handleType(Failing), {
      breaker: new ConsecutiveBreaker(failures),
      // At once, for cockatiel: it counts time on a clock that can be set. `check` counts on one that cannot.
      halfOpenAfter: Number.NEGATIVE_INFINITY,
    });
    this.#policy.onBreak(() => (this.#openedAt = performance.now()));
    this.#policy.onStateChange((state) => events.emit('breaker', { origin, state: NAMES[state] }));
  }

  /** @throws {UpstreamError} `circuit-open` while no call is made. */
  check(operation: string): void {
    const { state } = this.#policy;
    const leftMs = this.#openedAt + this.#openMs - performance.now();
    // While one call tries, cockatiel would let others wait for it, without a limit.
    const isLeftAlone = state === CircuitState.HalfOpen || (state === CircuitState.Open && leftMs > 0);
    if (!isLeftAlone) return;
    const retryAfterSeconds = Math.max(1, Math.ceil(leftMs / 1_000));
    throw new UpstreamError({ operation, kind: 'circuit-open', retryAfterSeconds });
  }

  /**
   * Makes an attempt, and learns from it.
   * @throws {UpstreamError} `circuit-open` while no call is made; else what the attempt throws.
   */
  async run<T>(attempt: Attempt, make: () => Promise<T>): Promise<T> {
    this.check(attempt.operation);
    const outcome = await this.#policy.execute(() => this.#outcomeOf(attempt, make)).catch(asOutcome);
    if ('failure' in outcome) throw outcome.failure;
    return outcome.value;
  }

  /** @throws {Failing} for what counts against the origin. */
  async #outcomeOf<T>(attempt: Attempt, make: () => Promise<T>): Promise<Outcome<T>> {
    try {
      return { value: await make() };
    } catch (failure) {
      const health = healthAfter(attempt, failure);
      if (health === 'works') return { failure };
      // What proves nothing is passed by while calls are made, but does not end the trial of one that tries.
      const isTrial = this.#policy.state === CircuitState.HalfOpen;
      if (health === 'fails' || isTrial) throw new Failing(failure);
      throw failure;
    }
  }
}

type Outcome<T> = { readonly value: T } | { readonly failure: unknown };

class Failing extends Error {
  readonly failure: unknown;

  constructor(failure: unknown) {
    super('counts against the origin');
    this.failure = failure;
  }
}

function asOutcome(thrown: unknown): { readonly failure: unknown } {
  return { failure: thrown instanceof Failing ? thrown.failure : thrown };
}

const NAMES: Readonly<Record<CircuitState, Change['state']>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open', // by hand, which nobody does
};
