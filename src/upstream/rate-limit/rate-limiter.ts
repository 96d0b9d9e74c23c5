import type { GatewayEvents } from '../../observability/events.ts';
import type { Priority, Stage } from '../call.ts';
import { kindOfAbort } from '../pipeline/deadline.ts';
import type { Deadline } from '../pipeline/deadline.ts';
import { UpstreamError } from '../failure.ts';
import { FairQueue } from './fair-queue.ts';
import type { RateLimit, RateWindow, Slot } from './rate-window.ts';

export interface RateLimiterOptions {
  readonly limit: RateLimit;
  readonly window: RateWindow;
  /** Connections to the service. An admitted call has a free one, so it is sent when the window counts it, and not later. */
  readonly connections: number;
  /** Calls that may queue at once: those that the service accepts within the longest time that a caller waits. */
  readonly maxWaiting: number;
  readonly events: GatewayEvents;
}

/** A call that asks for a slot. */
export interface SlotRequest {
  readonly operation: string;
  readonly priority: Priority;
  readonly caller: string;
  readonly signal: AbortSignal | undefined;
}

/** Permission to send one call. Dispose of it when the call has ended and its outcome is reported to the slot. */
export interface Permit extends Disposable {
  readonly slot: Slot;
}

interface Waiter {
  readonly admit: (slot: Slot) => void;
  readonly refuse: () => void;
}

/** Share of the rate budget that polls leave free for interactive calls. */
const INTERACTIVE_RESERVE = 1 / 5;

/**
 * Queues the calls that exceed the rate budget of one key: interactive calls first, polls last, callers round-robin. A
 * call is refused only if too many calls wait, and then a call of the caller with the most.
 */
export class RateLimiter {
  readonly #options: RateLimiterOptions;
  readonly #queues: Readonly<Record<Priority, FairQueue<Waiter>>> = {
    interactive: new FairQueue(),
    poll: new FairQueue(),
  };
  readonly #reserve: Readonly<Record<Priority, number>>;
  #inFlight = 0;
  #isAdmitting = false;
  #hasChanged = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RateLimiterOptions) {
    this.#options = options;
    this.#reserve = { interactive: 0, poll: Math.floor(options.limit.calls * INTERACTIVE_RESERVE) };
  }

  /** The permission to send a call, if no call waits and the window has a slot. */
  acquireNow({ priority, signal }: SlotRequest): Permit | undefined {
    const { connections, events, window } = this.#options;
    const { interactive, poll } = this.#queues;
    if (interactive.size > 0 || poll.size > 0 || this.#isAdmitting) return undefined;
    if (this.#inFlight >= connections || signal?.aborted === true) return undefined;
    const slot = window.takeNow(this.#reserve[priority]);
    if (slot === undefined) return undefined;
    this.#inFlight += 1;
    events.emit('rateLimiterWait', { priority, outcome: 'granted', waitMs: 0 });
    return { slot, [Symbol.dispose]: this.#release };
  }

  /**
   * Waits for the permission to send a call.
   * @throws {UpstreamError} `over-budget` when too many calls wait or the time of the operation is up; `aborted` when the
   *   client disconnects.
   */
  acquire({ operation, priority, caller, signal }: SlotRequest): Promise<Permit> {
    const queue = this.#queues[priority];
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const ended = (outcome: 'granted' | 'refused' | 'left'): void => {
        signal?.removeEventListener('abort', leave);
        const waitMs = performance.now() - startedAt;
        this.#options.events.emit('rateLimiterWait', { priority, outcome, waitMs });
      };
      const waiter: Waiter = {
        admit: (slot) => {
          ended('granted');
          resolve({ slot, [Symbol.dispose]: this.#release });
        },
        refuse: () => {
          ended('refused');
          reject(this.#overBudget(operation));
        },
      };
      const leave = (): void => {
        if (!queue.delete(caller, waiter)) return;
        ended('left');
        const kind = kindOfAbort(signal?.reason);
        reject(kind === 'timeout' ? this.#overBudget(operation) : new UpstreamError({ operation, kind }));
      };
      queue.add(caller, waiter);
      signal?.addEventListener('abort', leave);
      if (signal?.aborted === true) leave();
      this.#admit();
    });
  }

  /** How long the oldest call has waited, in milliseconds; 0 when no call waits. */
  get oldestMs(): number {
    const { interactive, poll } = this.#queues;
    return Math.max(interactive.oldestMs, poll.oldestMs);
  }

  /** Calls that wait stay in the queue: their own deadlines end them. */
  close(): void {
    clearTimeout(this.#timer);
    this.#options.window.close();
  }

  readonly #release = (): void => {
    this.#inFlight -= 1;
    if (this.#queues.interactive.size === 0 && this.#queues.poll.size === 0) return;
    if (this.#isAdmitting || !this.#admitNow()) this.#admit();
  };

  #overBudget(operation: string): UpstreamError {
    const { calls, windowMs } = this.#options.limit;
    const waiting = this.#queues.interactive.size + this.#queues.poll.size;
    // The time in which all calls that wait now would be admitted.
    const retryAfterSeconds = Math.max(1, Math.ceil((waiting * windowMs) / calls / 1_000));
    return new UpstreamError({ operation, kind: 'over-budget', retryAfterSeconds });
  }

  #refuseBeyondLimit(): void {
    const { interactive, poll } = this.#queues;
    while (interactive.size + poll.size > this.#options.maxWaiting)
      (poll.dropFromLongest() ?? interactive.dropFromLongest())?.refuse();
  }

  /** Admits the calls that the window has slots for, now and whenever slots become free. */
  #admit(): void {
    this.#hasChanged = true;
    if (this.#isAdmitting) return;
    // Until a call ends.
    if (this.#inFlight >= this.#options.connections) this.#refuseBeyondLimit();
    else void this.#admitWhileChanged();
  }

  /** Admits as many calls as there are free connections, unless the window has no slot now. @returns whether it had */
  #admitNow(): boolean {
    const { connections, window } = this.#options;
    for (const priority of ['interactive', 'poll'] as const) {
      const queue = this.#queues[priority];
      while (queue.size > 0) {
        if (this.#inFlight >= connections) return true;
        const slot = window.takeNow(this.#reserve[priority]);
        if (slot === undefined) return false;
        this.#inFlight += 1;
        queue.take()?.admit(slot);
      }
    }
    return true;
  }

  /** Runs once at a time, because a shared window answers later. */
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

  /** @returns milliseconds until slots may be free for the calls that still wait. */
  async #admitOnce(): Promise<number> {
    for (const priority of ['interactive', 'poll'] as const) {
      const queue = this.#queues[priority];
      if (queue.size === 0) continue;
      const wanted = Math.min(queue.size, this.#options.connections - this.#inFlight);
      if (wanted === 0) return Number.POSITIVE_INFINITY; // until a call ends
      const { slots, retryInMs } = await this.#options.window.take(wanted, this.#reserve[priority]);
      for (const slot of slots) {
        const waiter = queue.take();
        if (waiter === undefined)
          slot.unused(); // its call was aborted in the meantime
        else {
          this.#inFlight += 1;
          waiter.admit(slot);
        }
      }
      if (slots.length < wanted) return retryInMs;
      if (queue.size > 0) return Number.POSITIVE_INFINITY; // until a call ends; new calls run this again at once
    }
    return Number.POSITIVE_INFINITY;
  }
}

export interface RateLimiterStageOptions {
  /** Whether answers correct the count of the limiter. Not if a caller may have provoked them. @default true */
  readonly learns?: boolean;
}

/**
 * Sends each call when the rate limiter admits it, and reports to the limiter how the service counted it. A wait here is
 * not the fault of the service: it stops the deadline of the call, but not the deadline of the operation.
 */
export function withRateLimiter(
  limiter: RateLimiter,
  { learns = true }: RateLimiterStageOptions = {},
): Stage {
  return (next) => async (call, options) => {
    const { operation } = call;
    const { priority = 'interactive', caller = '', signal, deadline } = options;
    const request = { operation, priority, caller, signal };
    const permit = limiter.acquireNow(request) ?? (await waitFor(limiter.acquire(request), deadline));
    const { slot } = permit;
    const onAnswer = (remaining: number | undefined): void => slot.answered(learns ? remaining : undefined);
    try {
      return await next(call, { ...options, onAnswer });
    } catch (failure) {
      if (failure instanceof UpstreamError) {
        if (failure.kind === 'rate-limited' && learns) slot.refused(failure.retryAfterSeconds);
        if (failure.kind === 'unreachable' || failure.kind === 'circuit-open') slot.unused();
      }
      throw failure;
    } finally {
      permit[Symbol.dispose]();
    }
  };
}

function waitFor(permit: Promise<Permit>, deadline: Deadline | undefined): Promise<Permit> {
  return deadline === undefined ? permit : deadline.stoppedFor(permit);
}
