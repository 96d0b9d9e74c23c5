import { setTimeout as pause } from 'node:timers/promises';
import { mayHaveArrived, UpstreamError } from '../upstream/failure/upstream-error.ts';
import type { ServiceClock } from '../upstream/pipeline/service-clock.ts';
import type { Input } from './fingerprint.ts';
import type { Owners } from './owners.ts';
import type { Claim, Claimed, IdempotencyStore, SentCall, StoreAge } from './store.ts';

/**
 * Why something may exist already under a key that has no result, and when the service must have created it: by the
 * service's clock, in milliseconds since 1970.
 *
 * - `unanswered`: an earlier call with the key was sent, and its outcome is not known.
 * - `forgotten`: the key may have been used before the store lost what it had kept, or began.
 */
export type Unresolved = UnansweredCall | ForgottenKey;

export interface UnansweredCall extends CreationTime {
  readonly kind: 'unanswered';
  /** The store knows what other keys, and calls without one, have made since the call was sent. */
  readonly areOwnersKnown: boolean;
}

export interface ForgottenKey extends CreationTime {
  readonly kind: 'forgotten';
  /** Tells one life of the store from the next. */
  readonly storeSince: number;
}

interface CreationTime {
  readonly createdAfter: number;
  readonly createdBefore: number;
}

export interface AttemptOptions {
  readonly store: IdempotencyStore;
  readonly owners: Owners;
  readonly clock: ServiceClock;
  readonly name: string;
  readonly claim: Claim;
  readonly found: Claimed & { readonly kind: 'first' | 'resumed' };
  readonly times: { readonly ttl: number; readonly settle: number };
  /** How often the store hears that the holder is alive, and is asked again when it could not be reached at the end. */
  readonly beatMs: number;
  /** Aborted when the gateway cannot wait any longer for what was sent. */
  readonly signal: AbortSignal;
}

/** The key is held by another attempt by now. Nothing was sent. */
export class KeyLostError extends Error {
  override readonly name = 'KeyLostError';
}

/** By how much the clocks of the service's machines may differ: the one that dates an answer, and the one that creates. */
const SKEW_MS = 2_000;

/**
 * Somebody holds a key and does what it stands for. They end with `complete` or `release`; in between they may `save`
 * how far they came, for whoever goes on after them should they not get to the end.
 */
export class Attempt {
  /** What an earlier attempt saved. */
  readonly progress: unknown;
  /** Settled when nobody holds the key by this attempt any longer. */
  readonly ended: Promise<void>;
  readonly fingerprint: string;
  readonly #options: AttemptOptions;
  readonly #begunAt = performance.now();
  readonly #end: () => void;
  readonly #heartbeat: NodeJS.Timeout | undefined;
  /** The call of an earlier attempt. */
  #unanswered: SentCall | undefined;
  #storeAge: StoreAge;
  #isForgotten: boolean;
  #hasProgress: boolean;
  /** The call of this attempt, by `performance.now()`; undefined when it came to nothing. */
  #sent: { readonly serviceTimeMs: number; readonly at: number; readonly quietSince: number } | undefined;

  constructor(options: AttemptOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { found, claim, times, store, beatMs } = options;
    this.#options = options;
    this.fingerprint = claim.fingerprint;
    this.ended = promise;
    this.#end = resolve;
    const progress = found.kind === 'resumed' ? found.progress : undefined;
    this.progress = progress === undefined ? undefined : JSON.parse(progress);
    this.#hasProgress = progress !== undefined;
    this.#storeAge = found;
    this.#isForgotten = found.kind === 'first' && found.keptMs < times.ttl;
    if (found.kind === 'resumed') this.#unanswered = found.sent;
    if (store.isShared) this.#heartbeat = setInterval(() => void this.#renew(), beatMs);
  }

  /** What may exist and must be looked for before it is made, as of now. */
  get unresolved(): Unresolved | undefined {
    const { clock, times } = this.#options;
    const now = clock.now();
    const keptMs = this.#storeAge.keptMs + performance.now() - this.#begunAt;
    if (this.#isForgotten) {
      return {
        kind: 'forgotten',
        storeSince: this.#storeAge.keptSince,
        createdAfter: now.earliest - times.ttl,
        createdBefore: now.latest - keptMs + SKEW_MS,
      };
    }
    const call = this.#unresolvedCall();
    if (call === undefined) return undefined;
    const { serviceTimeMs, sentMs, quietMs } = call;
    // Reckoned from the time that was recorded, and back from now: one of them is right if the service's clock was set.
    const after = Math.min(serviceTimeMs, now.earliest - sentMs);
    const before = Math.max(serviceTimeMs + sentMs - quietMs, now.latest - quietMs);
    return {
      kind: 'unanswered',
      // Else its holder has put the record back, and what others had recorded is lost.
      areOwnersKnown: sentMs < keptMs,
      createdAfter: after - SKEW_MS,
      createdBefore: before + times.settle + SKEW_MS,
    };
  }

  /** How long the store may not know yet what others have made. Undefined: it knows all. */
  get ownersIncompleteMs(): number | undefined {
    return this.#options.owners.incompleteMs;
  }

  /** How long until a call that was sent and not answered can no longer be carried out. Undefined: it cannot now. */
  get unsettledMs(): number | undefined {
    const { quietMs } = this.#unresolvedCall() ?? {};
    const leftMs = this.#options.times.settle - (quietMs ?? Infinity);
    return leftMs > 0 ? leftMs : undefined;
  }

  /** It was looked for, and found or not: nothing is unresolved any longer. */
  clear(): void {
    this.#unanswered = undefined;
    this.#isForgotten = false;
    this.#sent = undefined;
  }

  /**
   * Makes a call that makes or sends something, once the store has it on record, and keeps in mind if its outcome is not
   * known. It takes the signal that it is given, and not the caller's: a caller who leaves in the middle, and comes again,
   * wants its outcome.
   * @throws {KeyLostError} @throws {IdempotencyUnavailableError} Nothing was sent.
   */
  async sending<T>(call: (options: { readonly signal: AbortSignal }) => Promise<T>): Promise<T> {
    const { store, name, claim, clock, times, signal } = this.#options;
    const sent = { serviceTimeMs: clock.now().earliest, at: performance.now() };
    if (!(await store.recordSend(name, claim.token, sent.serviceTimeMs))) throw new KeyLostError();
    this.#sent = { ...sent, quietSince: Infinity };
    const endedFor = (quietMs: number) => ({ ...sent, quietSince: performance.now() - quietMs });
    try {
      const made = await call({ signal });
      this.#sent = endedFor(times.settle);
      return made;
    } catch (failure) {
      const quietMs = quietMsAfter(failure, times.settle);
      this.#sent = quietMs === undefined ? undefined : endedFor(quietMs);
      throw failure;
    }
  }

  /**
   * Keeps how far this came, in place of what was saved before. Ids, sizes and hashes: what is secret or says who somebody
   * is does not belong here.
   * @returns false when somebody else holds the key by now: stop.
   * @throws {IdempotencyUnavailableError}
   */
  async save(progress: Input): Promise<boolean> {
    const { store, name, claim } = this.#options;
    const isKept = await store.save(name, claim, JSON.stringify(progress));
    this.#hasProgress = true;
    this.clear();
    return isKept;
  }

  /** Notes that what has this id was made by this key just now. @returns false when another key has taken it meanwhile. */
  made(id: string): Promise<boolean> {
    return this.#options.owners.note(id, this.#options.name);
  }

  /**
   * Takes what was found for the work of this key. @returns false when it is known to be somebody else's.
   * @throws {IdempotencyUnavailableError}
   */
  take(id: string): Promise<boolean> {
    return this.#options.owners.take(id, this.#options.name);
  }

  /** Whether something is known to be the work of another key, or of a call without one. */
  async isForeign(id: string): Promise<boolean> {
    const owner = await this.#options.owners.ownerOf(id);
    return owner !== undefined && owner !== this.#options.name;
  }

  /**
   * Ends with a result, which everybody gets who asks with this key from now on.
   * @returns false when somebody else holds the key by now, and their result is the one that counts.
   * @throws {IdempotencyUnavailableError} It is kept as soon as the store can be reached; until then a repeat finds out
   * what was made.
   */
  async complete(result: Input): Promise<boolean> {
    const { store, name, claim } = this.#options;
    return await this.#finish(() => store.complete(name, claim, JSON.stringify(result)));
  }

  /** Ends without a result. The key is as if it had never been used, unless something was done or is unresolved. */
  async release(): Promise<void> {
    const { store, name, claim } = this.#options;
    const isUnused = this.#unresolvedCall() === undefined && !this.#hasProgress;
    await this.#finish(() =>
      isUnused ? store.free(name, claim.token) : store.suspend(name, claim, this.#unresolvedCall()),
    ).catch(() => false);
  }

  /** Of this attempt or of an earlier one, as of now. */
  #unresolvedCall(): SentCall | undefined {
    const now = performance.now();
    if (this.#sent !== undefined) {
      const { serviceTimeMs, at, quietSince } = this.#sent;
      return { serviceTimeMs, sentMs: now - at, quietMs: Math.max(0, now - quietSince) };
    }
    if (this.#unanswered === undefined) return undefined;
    const { serviceTimeMs, sentMs, quietMs } = this.#unanswered;
    const heldMs = now - this.#begunAt;
    return { serviceTimeMs, sentMs: sentMs + heldMs, quietMs: quietMs + heldMs };
  }

  /**
   * Tells the store how this ended. If it cannot be reached it is told again, before it takes the holder for dead: what it
   * carries out late must not look like a call that was sent.
   */
  async #finish(write: () => Promise<boolean>): Promise<boolean> {
    clearInterval(this.#heartbeat);
    try {
      return await write();
    } catch (failure) {
      void this.#writeLater(write);
      throw failure;
    } finally {
      this.#end();
    }
  }

  async #writeLater(write: () => Promise<boolean>): Promise<void> {
    const { beatMs, times, signal } = this.#options;
    const givesUpAt = performance.now() + times.ttl;
    while (!signal.aborted && performance.now() < givesUpAt) {
      try {
        await pause(beatMs, undefined, { signal });
        await write();
        return;
      } catch {
        // Again, until the gateway ends.
      }
    }
  }

  async #renew(): Promise<void> {
    const { store, name, claim } = this.#options;
    // Whoever has lost the key learns of it when they send or end; whether the store answers does not matter before the
    // next beat.
    await store.renew(name, claim, this.#unresolvedCall()).catch(() => false);
  }
}

/**
 * For how long nobody has been waiting for what a failed call may bring about; undefined when it brings about nothing. A
 * service that has answered is not at it any longer.
 */
function quietMsAfter(failure: unknown, settleMs: number): number | undefined {
  if (!(failure instanceof UpstreamError)) return 0;
  if (!mayHaveArrived(failure)) return undefined;
  return failure.kind === 'contract' || failure.status === 500 ? settleMs : 0;
}
