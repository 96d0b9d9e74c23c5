import { setTimeout as pause } from 'node:timers/promises';
import { mayHaveArrived, UpstreamError } from '../upstream/failure.ts';
import type { ServiceClock } from '../upstream/pipeline/service-clock.ts';
import type { Input, Claim, Claimed, IdempotencyStore, SentCall, StoreAge } from './idempotency-store.ts';
import type { Owners } from './owners.ts';

/**
 * Why an object may already exist for a key without a result, and when the service must have created it: on the clock of
 * the service, in milliseconds since 1970.
 *
 * - `unanswered`: an earlier call with the key was sent, and its outcome is unknown.
 * - `forgotten`: the key may have been used before the store was created or lost its data.
 */
export type Unresolved = UnansweredCall | ForgottenKey;

export interface UnansweredCall extends CreationTime {
  readonly kind: 'unanswered';
  /** Whether the store knows what other keys, and calls without a key, have created since the call was sent. */
  readonly areOwnersKnown: boolean;
}

export interface ForgottenKey extends CreationTime {
  readonly kind: 'forgotten';
  /** Changes when the store loses its data. */
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
  /** Interval of the lease renewals, and of the retries of a final write. */
  readonly beatMs: number;
  /** Aborted when the gateway can no longer wait for a sent call. */
  readonly signal: AbortSignal;
}

/** Another attempt now holds the key. Nothing was sent. */
export class KeyLostError extends Error {
  override readonly name = 'KeyLostError';
}

/** Accepted clock skew between the machines of the service: the one that dates a response, and the one that creates. */
const SKEW_MS = 2_000;

/**
 * One execution of an idempotent operation, which holds its key. It ends with `complete` or `release`. In between it may
 * `save` its progress, from which a later attempt resumes.
 */
export class Attempt {
  /** The progress that an earlier attempt saved. */
  readonly progress: unknown;
  /** Settles when this attempt no longer holds the key. */
  readonly ended: Promise<void>;
  readonly fingerprint: string;
  readonly #options: AttemptOptions;
  readonly #begunAt = performance.now();
  readonly #end: () => void;
  readonly #heartbeat: NodeJS.Timeout | undefined;
  /** The unresolved call of an earlier attempt. */
  #unanswered: SentCall | undefined;
  #storeAge: StoreAge;
  #isForgotten: boolean;
  #hasProgress: boolean;
  /** The call of this attempt, on the clock of `performance.now()`; undefined if it certainly had no effect. */
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

  /** Describes what may already exist, and must be searched for before a call creates it. */
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
    // Computed from the recorded time and backwards from now: one of them is right even if the service's clock was set.
    const after = Math.min(serviceTimeMs, now.earliest - sentMs);
    const before = Math.max(serviceTimeMs + sentMs - quietMs, now.latest - quietMs);
    return {
      kind: 'unanswered',
      // Otherwise the holder has restored the record after a loss of data, and the owners recorded by others are lost.
      areOwnersKnown: sentMs < keptMs,
      createdAfter: after - SKEW_MS,
      createdBefore: before + times.settle + SKEW_MS,
    };
  }

  /** How long the store may still lack objects that other gateways have created; undefined if it is complete. */
  get ownersIncompleteMs(): number | undefined {
    return this.#options.owners.incompleteMs;
  }

  /** How long the service may still execute the unresolved call; undefined if it no longer can. */
  get unsettledMs(): number | undefined {
    const { quietMs } = this.#unresolvedCall() ?? {};
    const leftMs = this.#options.times.settle - (quietMs ?? Infinity);
    return leftMs > 0 ? leftMs : undefined;
  }

  /** Marks the unresolved call as resolved, after the search for its result. */
  clear(): void {
    this.#unanswered = undefined;
    this.#isForgotten = false;
    this.#sent = undefined;
  }

  /**
   * Makes a write after recording it in the store, and remembers whether its outcome is unknown. The call must use the given
   * signal instead of the caller's, because a caller that disconnects and retries needs its outcome.
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
   * Saves the progress, in place of an earlier one. It may contain ids, sizes and hashes, but no secrets and no personal data.
   * @returns false if another attempt now holds the key, and this one must stop
   * @throws {IdempotencyUnavailableError}
   */
  async save(progress: Input): Promise<boolean> {
    const { store, name, claim } = this.#options;
    const isKept = await store.save(name, claim, JSON.stringify(progress));
    this.#hasProgress = true;
    this.clear();
    return isKept;
  }

  /**
   * Records that this key has just created the object with this id. @returns false if another key has claimed it in the
   * meantime
   */
  made(id: string): Promise<boolean> {
    return this.#options.owners.note(id, this.#options.name);
  }

  /**
   * Claims a found object for this key. @returns false if it belongs to another key, or to a call without a key
   * @throws {IdempotencyUnavailableError}
   */
  take(id: string): Promise<boolean> {
    return this.#options.owners.take(id, this.#options.name);
  }

  /** Whether an object is known to belong to another key, or to a call without a key. */
  async isForeign(id: string): Promise<boolean> {
    const owner = await this.#options.owners.ownerOf(id);
    return owner !== undefined && owner !== this.#options.name;
  }

  /**
   * Ends with a result, which every later request with this key gets.
   * @returns false if another attempt now holds the key; its result counts
   * @throws {IdempotencyUnavailableError} The result is stored once the store is back; until then a retry searches for what
   * was created.
   */
  async complete(result: Input): Promise<boolean> {
    const { store, name, claim } = this.#options;
    return await this.#finish(() => store.complete(name, claim, JSON.stringify(result)));
  }

  /** Ends without a result. Unless there is progress or an unresolved call, the key counts as never used. */
  async release(): Promise<void> {
    const { store, name, claim } = this.#options;
    const isUnused = this.#unresolvedCall() === undefined && !this.#hasProgress;
    await this.#finish(() =>
      isUnused ? store.free(name, claim.token) : store.suspend(name, claim, this.#unresolvedCall()),
    ).catch(() => false);
  }

  /** The unresolved call of this attempt or of an earlier one, with its age. */
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
   * Writes the outcome to the store, and retries before the lease expires if the store is unavailable: a command that Redis
   * executes late must not look like a sent call.
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
        // Retried until the gateway shuts down.
      }
    }
  }

  async #renew(): Promise<void> {
    const { store, name, claim } = this.#options;
    // An attempt that has lost its key notices when it sends or ends, so a failed renewal needs no handling.
    await store.renew(name, claim, this.#unresolvedCall()).catch(() => false);
  }
}

/**
 * How long the service has already had to finish a failed call; undefined if the call has no effect. A service that has
 * answered is no longer processing the call.
 */
function quietMsAfter(failure: unknown, settleMs: number): number | undefined {
  if (!(failure instanceof UpstreamError)) return 0;
  if (!mayHaveArrived(failure)) return undefined;
  return failure.kind === 'contract' || failure.status === 500 ? settleMs : 0;
}
