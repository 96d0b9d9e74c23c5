import { setTimeout as pause } from 'node:timers/promises';
import { mayHaveArrived, UpstreamError } from '../upstream/failure/upstream-error.ts';
import type { ServiceClock } from '../upstream/pipeline/service-clock.ts';
import type { Input } from './fingerprint.ts';
import type { Owners } from './owners.ts';
import type { Claim, Claimed, IdempotencyStore, Leftover, SentCall, StoreAge } from './store.ts';

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
  #storeAge: StoreAge | undefined;
  #hasProgress: boolean;
  #hasSent = false;
  /** For how long the call of this attempt has been without anybody waiting for it; undefined when it came to nothing. */
  #leftMs: number | undefined;

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
    if (found.kind === 'resumed') this.#unanswered = found.sent;
    else if (found.keptMs < times.ttl) this.#storeAge = found;
    if (store.isShared) this.#heartbeat = setInterval(() => void this.#renew(), beatMs);
  }

  /** What may exist and must be looked for before it is made, as of now. */
  get unresolved(): Unresolved | undefined {
    const { clock, times } = this.#options;
    const now = clock.now();
    const heldMs = performance.now() - this.#begunAt;
    if (this.#storeAge !== undefined) {
      const keptMs = this.#storeAge.keptMs + heldMs;
      return {
        kind: 'forgotten',
        storeSince: this.#storeAge.keptSince,
        createdAfter: now.earliest - times.ttl,
        createdBefore: now.latest - keptMs + SKEW_MS,
      };
    }
    if (this.#unanswered === undefined) return undefined;
    const { serviceTimeMs, sentMs, quietMs } = this.#unanswered;
    // Reckoned from the time that was recorded, and back from now: one of them is right if the service's clock was set.
    const lastedMs = sentMs - quietMs;
    const after = Math.min(serviceTimeMs, now.earliest - sentMs - heldMs);
    const before = Math.max(serviceTimeMs + lastedMs, now.latest - quietMs - heldMs);
    return {
      kind: 'unanswered',
      createdAfter: after - SKEW_MS,
      createdBefore: before + times.settle + SKEW_MS,
    };
  }

  /** How long until a call that was sent and not answered can no longer be carried out. Undefined: it cannot now. */
  get unsettledMs(): number | undefined {
    if (this.#unanswered === undefined) return undefined;
    const quietMs = this.#unanswered.quietMs + performance.now() - this.#begunAt;
    const leftMs = this.#options.times.settle - quietMs;
    return leftMs > 0 ? leftMs : undefined;
  }

  /** It was looked for, and found or not: nothing is unresolved any longer. */
  clear(): void {
    this.#unanswered = undefined;
    this.#storeAge = undefined;
  }

  /**
   * Makes a call that makes or sends something, once the store has it on record, and keeps in mind if its outcome is not
   * known. It takes the signal that it is given, and not the caller's: a caller who leaves in the middle, and comes again,
   * wants its outcome.
   * @throws {KeyLostError} @throws {IdempotencyUnavailableError} Nothing was sent.
   */
  async sending<T>(call: (options: { readonly signal: AbortSignal }) => Promise<T>): Promise<T> {
    const { store, name, claim, clock, times, signal } = this.#options;
    const isRecorded = await store.recordSend(name, claim.token, clock.now().earliest);
    if (!isRecorded) throw new KeyLostError();
    this.#hasSent = true;
    try {
      const made = await call({ signal });
      this.#leftMs = times.settle;
      return made;
    } catch (failure) {
      this.#leftMs = leftMsAfter(failure, times.settle);
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
    const leftover = this.#leftover();
    const isUnused = leftover === 'none' && !this.#hasProgress;
    await this.#finish(() =>
      isUnused ? store.free(name, claim.token) : store.suspend(name, claim.token, leftover),
    ).catch(() => false);
  }

  #leftover(): Leftover {
    if (this.#leftMs !== undefined) return this.#leftMs;
    if (this.#unanswered === undefined) return 'none';
    return this.#hasSent ? 0 : 'kept';
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
    await store.renew(name, claim).catch(() => false);
  }
}

/**
 * For how long nobody has been waiting for what a failed call may bring about; undefined when it brings about nothing. A
 * service that has answered is not at it any longer.
 */
function leftMsAfter(failure: unknown, settleMs: number): number | undefined {
  if (!(failure instanceof UpstreamError)) return 0;
  if (!mayHaveArrived(failure)) return undefined;
  return failure.kind === 'contract' || failure.status === 500 ? settleMs : 0;
}
