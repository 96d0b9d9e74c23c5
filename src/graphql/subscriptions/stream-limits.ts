import { StreamError } from '../../resolvers/errors/faults.ts';
import type { TrustedProxies } from '../../http/client-address.ts';
import { RefusalError } from '../../http/error-response.ts';
import { limitKey } from '../../http/rate-limit.ts';
import type { Stage } from '../stage.ts';
import type { StreamOptions } from './use-event-streams.ts';

export interface StreamLimitsOptions extends Pick<StreamOptions, 'maxStreams' | 'maxStreamsPerCaller'> {
  readonly proxies: TrustedProxies;
}

/** In seconds. The end of a stream cannot be foreseen: this is a guess that keeps clients from retrying at once. */
const RETRY_AFTER = '30';

/**
 * Limits the open subscriptions of each caller, or of each address without authentication, and of all. A subscription
 * counts from before its first upstream call until its answer ends.
 */
export class StreamLimits {
  readonly #options: StreamLimitsOptions;
  readonly #ofCaller = new Map<string, number>();
  #all = 0;

  constructor(options: StreamLimitsOptions) {
    this.#options = options;
  }

  readonly stage: Stage = ({ operation, request: { req, res, caller } }) => {
    if (operation.kind !== 'subscription') return;
    const { maxStreams, maxStreamsPerCaller, proxies } = this.#options;
    const key = limitKey(req, caller, proxies);
    const own = this.#ofCaller.get(key) ?? 0;
    if (own >= maxStreamsPerCaller) throw tooMany(429);
    if (this.#all >= maxStreams) throw tooMany(503);
    this.#all += 1;
    this.#ofCaller.set(key, own + 1);
    res.once('close', () => this.#release(key));
  };

  #release(key: string): void {
    this.#all -= 1;
    const rest = (this.#ofCaller.get(key) ?? 1) - 1;
    if (rest === 0) this.#ofCaller.delete(key);
    else this.#ofCaller.set(key, rest);
  }
}

function tooMany(status: number): RefusalError {
  const { code, message } = new StreamError('TOO_MANY_STREAMS');
  return new RefusalError({ status, code, message, headers: { 'retry-after': RETRY_AFTER } });
}
