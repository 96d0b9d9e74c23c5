import type { TrustedProxies } from '../../http/client-address.ts';
import { RefusalError } from '../../http/answer.ts';
import { limitKey } from '../../http/rate-limit.ts';
import { StreamError } from '../../resolvers/errors/faults.ts';
import type { Stage } from '../operation.ts';
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
export function streamLimits({ counts, proxies }: StreamLimits): Stage {
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
