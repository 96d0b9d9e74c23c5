import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayEventMap, GatewayEvents } from '../observability/events.ts';
import type { RedisConnection } from '../redis/connection.ts';
import type { ServiceClock } from '../upstream/pipeline/service-clock.ts';
import { Attempt } from './attempt.ts';
import { fingerprintOf, nameOf, IdempotencyUnavailableError } from './idempotency-store.ts';
import type { Input, Scope, Claim, Claimed, IdempotencyStore } from './idempotency-store.ts';
import { MemoryIdempotencyStore } from './memory-store.ts';
import { Owners } from './owners.ts';
import { RedisIdempotencyStore } from './redis-store.ts';

/** In milliseconds. */
export interface IdempotencyTimes {
  /** How long a key is stored after its last change. */
  readonly ttl: number;
  /**
   * How long the service may still be processing a call that it did not answer. Until then, an object that was not found
   * may still be created.
   */
  readonly settle: number;
  /** How long a holder keeps its key without a renewal. @default 6 000 */
  readonly lease?: number;
  /** How long a retry waits for a running attempt. @default 30 000 */
  readonly wait?: number;
}

const KEY_TIMES = { lease: 6_000, wait: 30_000 };

export interface IdempotencyOptions {
  readonly store: IdempotencyStore;
  /** The upstream service. */
  readonly realm: string;
  readonly times: Required<IdempotencyTimes>;
  readonly clock: ServiceClock;
  readonly events: GatewayEvents;
}

/**
 * The state of a key for a request: the request runs the operation (`begun`), gets a stored result (`done`), has a different
 * input than the first request (`conflict`), or has waited too long for a running attempt (`busy`).
 */
export type Begun =
  | { readonly kind: 'begun'; readonly attempt: Attempt }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'busy' };

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;
/** How long shutdown waits for attempts whose caller has disconnected. */
const CLOSE_MS = 2_000;
/** The owner of objects created without a key. Not a hash, so it is the name of no key. */
const NO_KEY = 'none';
/** How long a call without a key waits for the store. */
const PATIENCE_MS = 250;
/** Renewals of a key within one lease. */
const BEATS = 3;

/** The idempotency keys of a gateway. */
export class Idempotency {
  readonly #options: IdempotencyOptions;
  readonly #owners: Owners;
  readonly #beatMs: number;
  readonly #beating: NodeJS.Timeout | undefined;
  readonly #attempts = new Map<string, Attempt>();
  /** Callers that wait for a key, in order of arrival. */
  readonly #waits = new Set<{ readonly since: number }>();
  readonly #shutdown = new AbortController();

  constructor(options: IdempotencyOptions) {
    const { store, times } = options;
    this.#options = options;
    this.#beatMs = times.lease / BEATS;
    this.#owners = new Owners({ store, retryMs: this.#beatMs, catchUpMs: times.lease });
    this.#beating = store.isShared ? setInterval(() => this.#beat(), this.#beatMs) : undefined;
    this.#beat();
  }

  get times(): Required<IdempotencyTimes> {
    return this.#options.times;
  }

  /** How long the first caller has been waiting for a key, in milliseconds; 0 if no caller waits. */
  get oldestMs(): number {
    const now = performance.now();
    const [oldest = { since: now }] = this.#waits;
    return now - oldest.since;
  }

  /**
   * Claims a key, or waits for its holder. Rejects with the reason of `signal` when the caller disconnects.
   * @throws {IdempotencyUnavailableError}
   */
  async begin(
    scope: Omit<Scope, 'realm'>,
    input: Input,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Begun> {
    const wait = { since: performance.now() };
    this.#waits.add(wait);
    try {
      return await this.#claimOrWait(scope, input, signal);
    } finally {
      this.#waits.delete(wait);
    }
  }

  /**
   * Records an object created without a key, so that no key claims it. Waits only briefly for the store.
   * @returns false if a key that was searching for its own object has just claimed it
   */
  async noteMade(id: string): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => late.resolve(true), PATIENCE_MS);
    try {
      return await Promise.race([this.#owners.note(id, NO_KEY), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Releases every key. Waits briefly for running attempts, whose calls are then unresolved. */
  async close(): Promise<void> {
    const ended = Promise.all([...this.#attempts.values()].map((attempt) => attempt.ended));
    const timer = setTimeout(() => this.#shutdown.abort(), CLOSE_MS);
    await ended;
    clearTimeout(timer);
    this.#shutdown.abort();
    clearInterval(this.#beating);
    this.#owners.close();
  }

  #beat(): void {
    this.#options.store.beat().catch(() => this.#owners.noteTrouble());
  }

  async #claimOrWait(scope: Omit<Scope, 'realm'>, input: Input, signal: AbortSignal): Promise<Begun> {
    const { realm, times } = this.#options;
    const name = nameOf({ ...scope, realm });
    const fingerprint = fingerprintOf(scope.key, input);
    const endsAt = performance.now() + times.wait;
    let hasWaited = false;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      signal.throwIfAborted();
      const claim = { fingerprint, token: crypto.randomUUID() };
      const claimed = await this.#claim(name, claim);
      if (claimed.kind !== 'busy' || performance.now() >= endsAt)
        return this.#begunBy(name, claim, claimed, hasWaited);
      hasWaited = true;
      // An attempt in this process signals its end; the store is polled for others.
      const ended = this.#attempts.get(name)?.ended;
      await Promise.race([...(ended ? [ended] : []), pause(pauseMs, undefined, { signal })]);
    }
  }

  async #claim(name: string, claim: Claim): Promise<Claimed> {
    // The store need not know of an attempt in this process, and may have lost it.
    if (this.#attempts.get(name)?.fingerprint === claim.fingerprint) return { kind: 'busy' };
    try {
      return await this.#options.store.claim(name, claim);
    } catch (failure) {
      this.#owners.noteTrouble();
      if (failure instanceof IdempotencyUnavailableError) this.#report('unavailable');
      throw failure;
    }
  }

  #begunBy(name: string, claim: Claim, claimed: Claimed, hasWaited: boolean): Begun {
    switch (claimed.kind) {
      case 'first':
      case 'resumed':
        this.#report(claimed.kind);
        return { kind: 'begun', attempt: this.#attemptOf(name, claim, claimed) };
      case 'done':
        this.#report(hasWaited ? 'waited' : 'replayed');
        return { kind: 'done', result: JSON.parse(claimed.result) };
      default:
        this.#report(claimed.kind);
        return claimed;
    }
  }

  #attemptOf(name: string, claim: Claim, found: Claimed & { kind: 'first' | 'resumed' }): Attempt {
    const { store, clock, times } = this.#options;
    const [owners, beatMs, { signal }] = [this.#owners, this.#beatMs, this.#shutdown];
    const attempt = new Attempt({ store, owners, clock, name, claim, found, times, beatMs, signal });
    this.#attempts.set(name, attempt);
    void attempt.ended.then(() => this.#attempts.get(name) === attempt && this.#attempts.delete(name));
    return attempt;
  }

  #report(outcome: GatewayEventMap['idempotency'][0]['outcome']): void {
    this.#options.events.emit('idempotency', { outcome });
  }
}

export interface OpenOptions {
  /** Without Redis, keys are kept in memory and lost with the process. */
  readonly redis: RedisConnection | undefined;
  /** The upstream service. */
  readonly realm: string;
  readonly times: IdempotencyTimes;
  readonly clock: ServiceClock;
  readonly events: GatewayEvents;
}

/** The idempotency keys of a gateway, in Redis or in memory. */
export function openIdempotency({ redis, realm, times: given, clock, events }: OpenOptions): Idempotency {
  const times = { ...KEY_TIMES, ...given };
  const ttlMs = times.ttl;
  const store =
    redis === undefined
      ? new MemoryIdempotencyStore({ ttlMs })
      : new RedisIdempotencyStore(redis, { ttlMs, leaseMs: times.lease });
  return new Idempotency({ store, realm, times, clock, events });
}
