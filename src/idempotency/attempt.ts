import { mayHaveArrived, UpstreamError } from '../upstream/errors.ts';
import type { Input } from './fingerprint.ts';
import type { IdempotencyStore, Leftover, Unfinished } from './store.ts';

/**
 * Why something may have been made already under a key that has no result, and when: times are milliseconds since 1970.
 *
 * - `unanswered`: an earlier call with the key may have sent something, for whose answer nobody has been waiting since
 *   `quietMs`.
 * - `forgotten`: a call with the key may have come before this process began, `quietMs` ago.
 */
export interface Suspicion {
  readonly kind: 'unanswered' | 'forgotten';
  readonly after: number;
  /** Infinity where there is no knowing. */
  readonly before: number;
  readonly quietMs: number;
}

export interface AttemptOptions {
  readonly store: IdempotencyStore;
  readonly name: string;
  readonly token: string;
  /** Undefined for the first attempt. */
  readonly before: Unfinished | undefined;
  readonly suspicion: Suspicion | undefined;
  readonly settleMs: number;
  /** How often the store hears that the holder is alive; undefined where it need not. */
  readonly heartbeatMs: number | undefined;
  /** Aborted when the gateway cannot wait any longer for what was sent. */
  readonly signal: AbortSignal;
}

/**
 * Somebody holds a key and does what it stands for. They end with `complete` or `release`; in between they may `save`
 * how far they came, for whoever goes on after them should they not get to the end.
 */
export class Attempt {
  /** What an earlier attempt saved. */
  readonly progress: unknown;
  /** Settled when nobody holds the key by this attempt any longer. */
  readonly ended: Promise<void>;
  readonly #options: AttemptOptions;
  readonly #begunAt = performance.now();
  readonly #end: () => void;
  readonly #heartbeat: NodeJS.Timeout | undefined;
  #suspicion: Suspicion | undefined;
  #hasProgress: boolean;
  /** For how long something that was sent has been without anybody waiting for it. */
  #sent: number | undefined;

  constructor(options: AttemptOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { before, suspicion, heartbeatMs } = options;
    this.#options = options;
    this.ended = promise;
    this.#end = resolve;
    this.progress = before?.progress === undefined ? undefined : JSON.parse(before.progress);
    this.#hasProgress = before?.progress !== undefined;
    this.#suspicion = suspicion;
    if (heartbeatMs !== undefined) this.#heartbeat = setInterval(() => void this.#renew(), heartbeatMs);
  }

  /** What may have been made before and must be looked for before it is made again, as of now. */
  get suspicion(): Suspicion | undefined {
    if (this.#suspicion === undefined) return undefined;
    const heldMs = performance.now() - this.#begunAt;
    return { ...this.#suspicion, quietMs: this.#suspicion.quietMs + heldMs };
  }

  /** How long until something that was sent and not answered can no longer come about. Undefined: nothing can. */
  get unsettledMs(): number | undefined {
    const { kind, quietMs } = this.suspicion ?? {};
    const leftMs = kind === 'unanswered' ? this.#options.settleMs - (quietMs ?? 0) : 0;
    return leftMs > 0 ? leftMs : undefined;
  }

  /** It was looked for, and found or not: what an earlier call sent is no longer in doubt. */
  clear(): void {
    this.#suspicion = undefined;
  }

  /**
   * Makes a call that makes or sends something, and keeps in mind if nobody knows whether it did. It takes the signal that
   * it is given, and not the caller's: a caller who leaves in the middle, and comes again, wants its outcome.
   */
  async sending<T>(call: (options: { readonly signal: AbortSignal }) => Promise<T>): Promise<T> {
    try {
      return await call({ signal: this.#options.signal });
    } catch (failure) {
      this.#sent = doubtAfter(failure, this.#options.settleMs);
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
    const { store, name, token } = this.#options;
    const isKept = await store.save(name, token, JSON.stringify(progress));
    this.#hasProgress = true;
    this.#suspicion = undefined;
    return isKept;
  }

  /** Notes that what has this id is the work of this key. @returns false when it is known to be somebody else's. */
  async own(id: string): Promise<boolean> {
    const { store, name } = this.#options;
    return store.own(id, name);
  }

  /** Whether something is known to be the work of another key, or of a call without one. */
  async isForeign(id: string): Promise<boolean> {
    const { store, name } = this.#options;
    const owner = await store.ownerOf(id);
    return owner !== undefined && owner !== name;
  }

  /**
   * Ends with a result, which everybody gets who asks with this key from now on.
   * @returns false when somebody else holds the key by now, and their result is the one that counts.
   * @throws {IdempotencyUnavailableError} The next one finds out what was made.
   */
  async complete(result: Input): Promise<boolean> {
    const { store, name, token } = this.#options;
    try {
      return await store.complete(name, token, JSON.stringify(result));
    } finally {
      this.#stop();
    }
  }

  /** Ends without a result. The key is as if it had never been used, unless something was done or is in doubt. */
  async release(): Promise<void> {
    const { store, name, token } = this.#options;
    const leftover = this.#leftover();
    try {
      if (leftover === 'none' && !this.#hasProgress) await store.free(name, token);
      else await store.suspend(name, token, leftover);
    } catch {
      // It lapses by itself, and counts as in doubt then.
    } finally {
      this.#stop();
    }
  }

  #leftover(): Leftover {
    if (this.#sent !== undefined) return this.#sent;
    return this.#suspicion?.kind === 'unanswered' ? 'kept' : 'none';
  }

  async #renew(): Promise<void> {
    const { store, name, token } = this.#options;
    // Whoever has lost the key learns of it when they end; whether the store answers does not matter before the next beat.
    await store.renew(name, token).catch(() => false);
  }

  #stop(): void {
    clearInterval(this.#heartbeat);
    this.#end();
  }
}

/**
 * For how long nobody has been waiting for what a failed call may bring about; undefined when it brings about nothing. A
 * service that has answered is not at it any longer.
 */
function doubtAfter(failure: unknown, settleMs: number): number | undefined {
  if (!(failure instanceof UpstreamError)) return 0;
  if (!mayHaveArrived(failure)) return undefined;
  return failure.kind === 'contract' || failure.status === 500 ? settleMs : 0;
}
