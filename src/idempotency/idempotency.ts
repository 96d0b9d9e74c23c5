import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayEventMap, GatewayEvents } from '../observability/events.ts';
import type { RedisConnection } from '../redis/connection.ts';
import type { ServiceClock } from '../upstream/pipeline/service-clock.ts';
import { Attempt } from './attempt.ts';
import { fingerprintOf, nameOf } from './fingerprint.ts';
import type { Input, Scope } from './fingerprint.ts';
import { createMemoryStore } from './memory-store.ts';
import { Owners } from './owners.ts';
import { createRedisStore } from './redis-store.ts';
import { IdempotencyUnavailableError } from './store.ts';
import type { Claim, Claimed, IdempotencyStore } from './store.ts';

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

type Outcome = GatewayEventMap['idempotency'][0]['outcome'];

/** The idempotency keys of a gateway. */
export interface Idempotency {
  readonly times: Required<IdempotencyTimes>;
  /** How long the first caller has been waiting for a key, in milliseconds; 0 if no caller waits. */
  readonly oldestMs: number;
  /**
   * Claims a key, or waits for its holder. Rejects with the reason of `signal` when the caller disconnects.
   * @throws {IdempotencyUnavailableError}
   */
  begin(scope: Omit<Scope, 'realm'>, input: Input, options: { readonly signal: AbortSignal }): Promise<Begun>;
  /**
   * Records an object created without a key, so that no key claims it. Waits only briefly for the store.
   * @returns false if a key that was searching for its own object has just claimed it
   */
  noteMade(id: string): Promise<boolean>;
  /** Releases every key. Waits briefly for running attempts, whose calls are then unresolved. */
  close(): Promise<void>;
}

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
      ? createMemoryStore({ ttlMs })
      : createRedisStore(redis, { ttlMs, leaseMs: times.lease });
  return createIdempotency({ store, realm, times, clock, events });
}

export function createIdempotency({ store, realm, times, clock, events }: IdempotencyOptions): Idempotency {
  const beatMs = times.lease / BEATS;
  const closing = new AbortController();
  const owners = new Owners({ store, retryMs: beatMs, catchUpMs: times.lease });
  const beat = (): void => void store.beat().catch(() => owners.noteTrouble());
  const beating = store.isShared ? setInterval(beat, beatMs) : undefined;
  beat();
  const attempts = new Map<string, Attempt>();
  /** Callers that wait for a key, in order of arrival. */
  const waits = new Set<{ readonly since: number }>();
  const tell = (outcome: Outcome): void => void events.emit('idempotency', { outcome });

  async function claimed(name: string, claim: Claim): Promise<Claimed> {
    try {
      return await store.claim(name, claim);
    } catch (failure) {
      owners.noteTrouble();
      if (failure instanceof IdempotencyUnavailableError) tell('unavailable');
      throw failure;
    }
  }

  function attemptOf(name: string, claim: Claim, found: Claimed & { kind: 'first' | 'resumed' }): Attempt {
    const { signal } = closing;
    const attempt = new Attempt({ store, owners, clock, name, claim, found, times, beatMs, signal });
    attempts.set(name, attempt);
    void attempt.ended.then(() => attempts.get(name) === attempt && attempts.delete(name));
    return attempt;
  }

  async function claimOrWait(scope: Omit<Scope, 'realm'>, input: Input, signal: AbortSignal): Promise<Begun> {
    const name = nameOf({ ...scope, realm });
    const fingerprint = fingerprintOf(scope.key, input);
    const endsAt = performance.now() + times.wait;
    let hasWaited = false;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      signal.throwIfAborted();
      const running = attempts.get(name);
      const claim = { fingerprint, token: crypto.randomUUID() };
      // The store need not know of an attempt in this process, and may have lost it.
      const found: Claimed =
        running?.fingerprint === fingerprint ? { kind: 'busy' } : await claimed(name, claim);
      switch (found.kind) {
        case 'first':
        case 'resumed':
          tell(found.kind);
          return { kind: 'begun', attempt: attemptOf(name, claim, found) };
        case 'done':
          tell(hasWaited ? 'waited' : 'replayed');
          return { kind: 'done', result: JSON.parse(found.result) };
        case 'conflict':
          tell('conflict');
          return found;
        case 'busy':
          if (performance.now() >= endsAt) {
            tell('busy');
            return found;
          }
      }
      hasWaited = true;
      // An attempt in this process signals its end; the store is polled for others.
      await Promise.race([attempts.get(name)?.ended, pause(pauseMs, undefined, { signal })].filter(isThere));
    }
  }

  return {
    times,

    get oldestMs() {
      const now = performance.now();
      const [oldest = { since: now }] = waits;
      return now - oldest.since;
    },

    async begin(scope, input, { signal }) {
      const wait = { since: performance.now() };
      waits.add(wait);
      try {
        return await claimOrWait(scope, input, signal);
      } finally {
        waits.delete(wait);
      }
    },

    async noteMade(id) {
      const late = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => late.resolve(true), PATIENCE_MS);
      try {
        return await Promise.race([owners.note(id, NO_KEY), late.promise]);
      } finally {
        clearTimeout(timer);
      }
    },

    async close() {
      const ended = Promise.all([...attempts.values()].map((attempt) => attempt.ended));
      const timer = setTimeout(() => closing.abort(), CLOSE_MS);
      await ended;
      clearTimeout(timer);
      closing.abort();
      clearInterval(beating);
      owners.close();
    },
  };
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}
