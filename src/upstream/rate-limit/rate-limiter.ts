import type { GatewayEvents } from '../../observability/events.ts';
import { kindOfAbort } from '../pipeline/deadline.ts';
import { UpstreamError } from '../failure/upstream-error.ts';
import { FairQueue } from './fair-queue.ts';
import type { Place, RateLimit, RateWindow } from './rate-window.ts';

export type Priority = 'interactive' | 'poll';

export interface RateBudgetOptions {
  readonly limit: RateLimit;
  readonly window: RateWindow;
  /** Connections to the service. A call that is let in has one, so that it is sent when it is counted, and not later. */
  readonly connections: number;
  /** Calls that may wait at once: what the service takes in the time that anybody waits at most. */
  readonly maxWaiting: number;
  readonly events: GatewayEvents;
}

/** A call that wants to be sent. */
export interface Applicant {
  readonly operation: string;
  readonly priority: Priority;
  readonly caller: string;
  readonly signal: AbortSignal | undefined;
}

/** Leave to send one call. Dispose of it when the call has ended, having told the place what became of it. */
export interface Permit extends Disposable {
  readonly place: Place;
}

interface Waiter {
  readonly admit: (place: Place) => void;
  readonly refuse: () => void;
}

/** Polls leave this share of the budget to whoever wants an answer now. */
const SHARE_BEYOND_POLLS = 1 / 5;

/**
 * The calls of one issuer's key, of which the service takes so many in any window. What is beyond that waits: polls behind
 * all else, callers in turn. Nobody is told of a limit who can wait; when too many wait, the caller with most is.
 */
export class RateBudget {
  readonly #options: RateBudgetOptions;
  readonly #queues: Readonly<Record<Priority, FairQueue<Waiter>>> = {
    interactive: new FairQueue(),
    poll: new FairQueue(),
  };
  readonly #spare: Readonly<Record<Priority, number>>;
  #inFlight = 0;
  #isAdmitting = false;
  #hasChanged = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RateBudgetOptions) {
    this.#options = options;
    this.#spare = { interactive: 0, poll: Math.floor(options.limit.calls * SHARE_BEYOND_POLLS) };
  }

  /**
   * Waits for leave to send a call.
   * @throws {UpstreamError} `over-budget` when too many wait, or when the time of the operation is up; `aborted` when the
   *   caller leaves.
   */
  async enter({ operation, priority, caller, signal }: Applicant): Promise<Permit> {
    const { events } = this.#options;
    const queue = this.#queues[priority];
    const startedAt = performance.now();
    const ended = (outcome: 'granted' | 'refused' | 'left'): boolean =>
      events.emit('budgetWait', { priority, outcome, waitMs: performance.now() - startedAt });
    const overBudget = (): UpstreamError => {
      const retryAfterSeconds = this.#retryAfterSeconds();
      return new UpstreamError({ operation, kind: 'over-budget', retryAfterSeconds });
    };

    const admission = Promise.withResolvers<Place>();
    const waiter: Waiter = {
      admit: admission.resolve,
      refuse() {
        ended('refused');
        admission.reject(overBudget());
      },
    };
    const leave = (): void => {
      if (!queue.delete(caller, waiter)) return;
      ended('left');
      const kind = kindOfAbort(signal?.reason);
      admission.reject(kind === 'timeout' ? overBudget() : new UpstreamError({ operation, kind }));
    };
    queue.add(caller, waiter);
    signal?.addEventListener('abort', leave);
    if (signal?.aborted === true) leave();
    this.#admit();
    try {
      const place = await admission.promise;
      ended('granted');
      return { place, [Symbol.dispose]: () => this.#leave() };
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  /** For how many milliseconds the oldest call has waited; 0 when none waits. */
  get oldestMs(): number {
    const { interactive, poll } = this.#queues;
    return Math.max(interactive.oldestMs, poll.oldestMs);
  }

  /** Whoever waits is left waiting: their calls end by their own deadlines. */
  close(): void {
    clearTimeout(this.#timer);
    this.#options.window.close();
  }

  #leave(): void {
    this.#inFlight -= 1;
    this.#admit();
  }

  #refuseBeyondLimit(): void {
    const { interactive, poll } = this.#queues;
    while (interactive.size + poll.size > this.#options.maxWaiting)
      (poll.dropFromLongest() ?? interactive.dropFromLongest())?.refuse();
  }

  /** Until all who wait now would have been let in. */
  #retryAfterSeconds(): number {
    const { calls, windowMs } = this.#options.limit;
    const waiting = this.#queues.interactive.size + this.#queues.poll.size;
    return Math.max(1, Math.ceil((waiting * windowMs) / calls / 1_000));
  }

  /** Lets in whom the window has places for, now and whenever it has more. */
  #admit(): void {
    this.#hasChanged = true;
    if (!this.#isAdmitting) void this.#admitWhileChanged();
  }

  /** Once at a time, as a window may take time to ask. */
  async #admitWhileChanged(): Promise<void> {
    this.#isAdmitting = true;
    clearTimeout(this.#timer);
    let againInMs = Number.POSITIVE_INFINITY;
    while (this.#hasChanged) {
      this.#hasChanged = false;
      againInMs = await this.#admitOnce();
    }
    this.#isAdmitting = false;
    this.#refuseBeyondLimit();
    if (againInMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#admit(), Math.ceil(againInMs));
  }

  /** @returns after how many milliseconds there may be places for those who still wait. */
  async #admitOnce(): Promise<number> {
    for (const priority of ['interactive', 'poll'] as const) {
      const queue = this.#queues[priority];
      if (queue.size === 0) continue;
      const wanted = Math.min(queue.size, this.#options.connections - this.#inFlight);
      if (wanted === 0) return Number.POSITIVE_INFINITY; // until a call ends
      const { places, retryInMs } = await this.#options.window.take(wanted, this.#spare[priority]);
      for (const place of places) {
        const waiter = queue.take();
        if (waiter === undefined)
          place.unused(); // somebody has left meanwhile
        else {
          this.#inFlight += 1;
          waiter.admit(place);
        }
      }
      if (places.length < wanted) return retryInMs;
      if (queue.size > 0) return Number.POSITIVE_INFINITY; // until a call ends, or for who came meanwhile: at once
    }
    return Number.POSITIVE_INFINITY;
  }
}
