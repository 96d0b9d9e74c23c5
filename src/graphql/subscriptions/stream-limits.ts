import { AuthenticationError } from '../../auth/caller.ts';
import type { Caller } from '../../auth/caller.ts';
import { RefusalError } from '../../http/answer.ts';
import type { Refusal } from '../../http/answer.ts';
import { refusalOf } from '../../http/admission.ts';
import type { AdmissionOptions } from '../../http/admission.ts';
import type { TrustedProxies } from '../../http/client-address.ts';
import { limitKey } from '../../http/rate-limit.ts';
import { StreamError } from '../../resolvers/errors/faults.ts';
import type { Admitted, Check } from '../operation.ts';
import type { StreamOptions } from './use-event-streams.ts';

interface StreamLimits {
  readonly counts: StreamCounts;
  readonly proxies: TrustedProxies;
}

/** In seconds. The end of a stream cannot be foreseen: this is a guess that keeps clients from retrying at once. */
const RETRY_AFTER = '30';

/**
 * Limits the open subscriptions of each caller, or of each address without authentication, and of all. A subscription
 * counts from before its first upstream call until its answer ends.
 */
export function streamLimits({ counts, proxies }: StreamLimits): Check {
  return async ({ operation, request: { req, res, caller } }) => {
    if (operation.kind !== 'subscription') return;
    const key = limitKey(req, caller, proxies);
    const reached = await counts.open(key);
    if (reached !== undefined) throw tooMany(reached === 'of-caller' ? 429 : 503);
    if (res.closed) counts.close(key);
    else res.once('close', () => counts.close(key));
  };
}

function tooMany(status: number): RefusalError {
  const { code, message } = new StreamError('TOO_MANY_STREAMS');
  return new RefusalError({ status, code, message, headers: { 'retry-after': RETRY_AFTER } });
}

/** A limit of open streams that is reached. */
export type ReachedLimit = 'of-caller' | 'of-all';

/** Counts the open streams of each client and of all. */
export interface StreamCounts {
  /** Counts one stream. @returns undefined within the limits */
  open(key: string): Promise<ReachedLimit | undefined>;
  /** A stream that was counted has ended. */
  close(key: string): void;
}

export class ProcessStreamCounts implements StreamCounts {
  readonly #limits: Pick<StreamOptions, 'maxStreams' | 'maxStreamsPerCaller'>;
  readonly #ofClient = new Map<string, number>();
  #all = 0;

  constructor(limits: Pick<StreamOptions, 'maxStreams' | 'maxStreamsPerCaller'>) {
    this.#limits = limits;
  }

  async open(key: string): Promise<ReachedLimit | undefined> {
    const { maxStreams, maxStreamsPerCaller } = this.#limits;
    const own = this.#ofClient.get(key) ?? 0;
    if (own >= maxStreamsPerCaller) return 'of-caller';
    if (this.#all >= maxStreams) return 'of-all';
    this.#all += 1;
    this.#ofClient.set(key, own + 1);
    return undefined;
  }

  close(key: string): void {
    this.#all -= 1;
    const rest = (this.#ofClient.get(key) ?? 1) - 1;
    if (rest === 0) this.#ofClient.delete(key);
    else this.#ofClient.set(key, rest);
  }
}

export type CredentialWatchOptions = AdmissionOptions & Pick<StreamOptions, 'recheckMs'>;

/**
 * Watches the credential of an open stream. It calls `end` once: when the token expires, or when the token or key is no
 * longer valid for the same caller. A check that fails temporarily ends nothing.
 */
export class CredentialWatch {
  readonly #options: CredentialWatchOptions;
  readonly #admitted: Admitted;
  readonly #end: (refusal: Refusal) => void;
  readonly #expiresAt: number;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: CredentialWatchOptions, admitted: Admitted, end: (refusal: Refusal) => void) {
    const { caller } = admitted;
    this.#options = options;
    this.#admitted = admitted;
    this.#end = end;
    this.#expiresAt = caller.kind === 'none' ? Infinity : (caller.expiresAt?.getTime() ?? Infinity);
    if (caller.kind !== 'none') this.#schedule();
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { recheckMs = 30_000 } = this.#options;
    const leftMs = Math.max(0, this.#expiresAt - Date.now());
    this.#timer = setTimeout(() => void this.#check(), Math.min(recheckMs, leftMs));
  }

  async #check(): Promise<void> {
    const refusal = await this.#refusal();
    if (this.#isOver) return;
    if (refusal === undefined) this.#schedule();
    else this.#end(refusal);
  }

  async #refusal(): Promise<Refusal | undefined> {
    const { authentication, isServed, events } = this.#options;
    if (Date.now() >= this.#expiresAt) return this.#invalid('the token of an open stream has expired');
    try {
      const now = await authentication.authenticate(this.#admitted.headers);
      return isServed(now) && isSame(now, this.#admitted.caller)
        ? undefined
        : this.#invalid('the credential of an open stream belongs to another caller now');
    } catch (error) {
      if (!(error instanceof AuthenticationError)) return refusalOf('unavailable');
      if (error.failure === 'unavailable') return undefined;
      events.onRefusal(error);
      return refusalOf(error.failure);
    }
  }

  #invalid(reason: string): Refusal {
    this.#options.events.onRefusal(new AuthenticationError('invalid', reason));
    return refusalOf('invalid');
  }
}

/** A renewed token of the same caller may expire later. */
function isSame(now: Caller, before: Caller): boolean {
  return (
    JSON.stringify({ ...now, expiresAt: undefined }) === JSON.stringify({ ...before, expiresAt: undefined })
  );
}
