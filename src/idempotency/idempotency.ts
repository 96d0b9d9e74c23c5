import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayEventMap, GatewayEvents } from '../observability/events.ts';
import type { ServiceClock } from '../upstream/pipeline/service-clock.ts';
import { Attempt } from './attempt.ts';
import { fingerprintOf, nameOf } from './fingerprint.ts';
import type { Input, Scope } from './fingerprint.ts';
import { Owners } from './owners.ts';
import { IdempotencyUnavailableError } from './store.ts';
import type { Claim, Claimed, IdempotencyStore } from './store.ts';

/** In milliseconds. */
export interface IdempotencyTimes {
  /** How long a key is remembered after the last change. @default 24 hours */
  readonly ttl: number;
  /** How long somebody who holds a key and is silent counts as alive. @default 6 000 */
  readonly lease: number;
  /** How long a repeat waits for the first. @default 30 000 */
  readonly wait: number;
  /**
   * How long the service may still be at a call that nobody waits for any longer. Until then, what cannot be found may
   * yet come into being. @default 15 000
   */
  readonly settle: number;
}

export const IDEMPOTENCY_TIMES: IdempotencyTimes = {
  ttl: 24 * 60 * 60_000,
  lease: 6_000,
  wait: 30_000,
  settle: 15_000,
};

export interface IdempotencyOptions {
  readonly store: IdempotencyStore;
  /** The service that is called. */
  readonly realm: string;
  readonly times: IdempotencyTimes;
  readonly clock: ServiceClock;
  readonly events: GatewayEvents;
}

/**
 * What a key means for a caller who comes with it now: they are to do it (`begun`); it has been done (`done`); it was
 * about something else (`conflict`); somebody is at it and takes longer than one can wait (`busy`).
 */
export type Begun =
  | { readonly kind: 'begun'; readonly attempt: Attempt }
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'busy' };

type Outcome = GatewayEventMap['idempotency'][0]['outcome'];

/** The idempotency keys of a gateway. */
export interface Idempotency {
  readonly times: IdempotencyTimes;
  /** For how many milliseconds the oldest caller has waited for a key; 0 when none waits. */
  readonly oldestMs: number;
  /**
   * Claims a key, or waits for whoever holds it. Rejects with the reason of `signal` when the caller leaves.
   * @throws {IdempotencyUnavailableError}
   */
  begin(scope: Omit<Scope, 'realm'>, input: Input, options: { readonly signal: AbortSignal }): Promise<Begun>;
  /**
   * Notes that something was made without a key, so that no key takes it for its own. It is not waited for longer than a
   * moment. @returns false when a key that was looking for its own has just taken it.
   */
  noteMade(id: string): Promise<boolean>;
  /** Lets go of every key: waits for what is being done, a moment, then leaves it in doubt. */
  close(): Promise<void>;
}

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;
/** What was asked for by somebody who has left, when the gateway ends. */
const CLOSE_MS = 2_000;
/** No hash, so no key. */
const NO_KEY = 'none';
/** How long a call without a key waits for the store. */
const PATIENCE_MS = 250;
/** How often the holder of a key says within one lease that it is alive. */
const BEATS = 3;

export function createIdempotency({ store, realm, times, clock, events }: IdempotencyOptions): Idempotency {
  const beatMs = times.lease / BEATS;
  const closing = new AbortController();
  const owners = new Owners({ store, retryMs: beatMs, catchUpMs: times.lease });
  const beat = (): void => void store.beat().catch(() => owners.noteTrouble());
  const beating = store.isShared ? setInterval(beat, beatMs) : undefined;
  beat();
  const attempts = new Map<string, Attempt>();
  /** Callers who wait for a key, the first one first. */
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
      // Of what is done in this process the store need not be asked, which may have lost it.
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
      // Whoever holds it in this process is heard of at once, others are asked for.
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
