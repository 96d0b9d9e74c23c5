import type { GatewayEventMap, GatewayEvents } from '../../observability/events.ts';
import type { CallFacts, Stage } from '../call.ts';
import { factsOf, UpstreamError } from '../failure.ts';
import type { Deadline } from './deadline.ts';

type Change = GatewayEventMap['breaker'][0];
type Health = ReturnType<typeof factsOf>['health'];

/** An attempt at a call. */
export interface Attempt extends Pick<CallFacts, 'operation' | 'answersInvalidInputWith500'> {
  readonly deadline?: Deadline | undefined;
}

export interface CircuitLimits {
  /** Consecutive failures that open the circuit. */
  readonly failures: number;
  /** How long the circuit stays open before a single trial call, in milliseconds. */
  readonly openMs: number;
}

export interface CircuitBreakerOptions extends CircuitLimits {
  readonly origin: Change['origin'];
  readonly events: GatewayEvents;
}

/**
 * Stops calls to an origin after consecutive failures, so that callers get an answer at once and the origin can recover.
 * Single trial calls find out whether it is back.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #state: Change['state'] = 'closed';
  /** Consecutive failures while the circuit is closed. */
  #failures = 0;
  /** When the next trial call may start, unless the circuit is closed. On a monotonic clock. */
  #nextTrialAt = 0;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  /** @throws {UpstreamError} `circuit-open` while calls are refused. */
  check(operation: string): void {
    if (this.#state === 'closed') return;
    const leftMs = this.#nextTrialAt - performance.now();
    if (leftMs <= 0) return;
    // A trial usually ends soon.
    const retryAfterSeconds = this.#state === 'half-open' ? 1 : Math.ceil(leftMs / 1_000);
    throw new UpstreamError({ operation, kind: 'circuit-open', retryAfterSeconds });
  }

  /**
   * Makes an attempt and records its outcome.
   * @throws {UpstreamError} `circuit-open` while calls are refused; otherwise the failure of the attempt.
   */
  async run<T>(attempt: Attempt, make: () => Promise<T>): Promise<T> {
    this.check(attempt.operation);
    const isTrial = this.#state !== 'closed';
    if (isTrial) this.#become('half-open');
    try {
      const value = await make();
      this.#record('up', isTrial);
      return value;
    } catch (failure) {
      this.#record(healthAfter(attempt, failure), isTrial);
      throw failure;
    }
  }

  #record(health: Health, isTrial: boolean): void {
    if (this.#state === 'closed') {
      if (health === 'up') this.#failures = 0;
      if (health === 'down') this.#failures += 1;
      if (this.#failures >= this.#options.failures) this.#become('open');
    } else if (isTrial) {
      // An unknown outcome does not close the circuit. Neither do calls that started before it opened.
      this.#become(health === 'up' ? 'closed' : 'open');
    }
  }

  #become(state: Change['state']): void {
    const { origin, openMs, events } = this.#options;
    const hasChanged = state !== this.#state;
    this.#state = state;
    this.#failures = 0;
    // Also during a trial, which may take as long as a client takes to send a file: then another call tries.
    this.#nextTrialAt = performance.now() + openMs;
    if (hasChanged) events.emit('breaker', { origin, state });
  }
}

function healthAfter({ answersInvalidInputWith500, deadline }: Attempt, failure: unknown): Health {
  if (!(failure instanceof UpstreamError)) return 'unknown';
  const { kind, status } = failure;
  if (status === 500 && answersInvalidInputWith500 === true) return 'up';
  // The time of the whole operation was up: this attempt may have had little of it.
  if (kind === 'timeout' && deadline?.signal.aborted === true && !deadline.hasExpired) return 'unknown';
  return factsOf(kind).health;
}

/** Makes no attempt while the circuit is open, and records the outcome of each attempt. */
export function withCircuitBreaker(breaker: CircuitBreaker): Stage {
  return (next) => (call, options) => {
    if (call.showsHealth === false) {
      breaker.check(call.operation);
      return next(call, options);
    }
    const { operation, answersInvalidInputWith500 = false } = call;
    const attempt = { operation, answersInvalidInputWith500, deadline: options.deadline };
    return breaker.run(attempt, () => next(call, options));
  };
}

/** Refuses calls before they wait for anything while the circuit is open. */
export function withOpenCheck(breaker: CircuitBreaker): Stage {
  return (next) => (call, options) => {
    breaker.check(call.operation);
    return next(call, options);
  };
}
