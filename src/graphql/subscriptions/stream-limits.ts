import { StreamError } from '../../resolvers/errors/faults.ts';
import type { TrustedProxies } from '../../http/client-address.ts';
import { RefusalError } from '../../http/error-response.ts';
import { limitKey } from '../../http/rate-limit.ts';
import type { Stage } from '../stage.ts';

export interface StreamLimits {
  readonly maxStreams: number;
  readonly maxStreamsPerCaller: number;
  readonly proxies: TrustedProxies;
}

/** In seconds. The end of a stream cannot be foreseen: this is a guess that keeps clients from retrying at once. */
const RETRY_AFTER = '30';

/**
 * Limits the open subscriptions of each caller, or of each address without authentication, and of all. A subscription
 * counts from before its first upstream call until its answer ends.
 */
export function streamLimits({ maxStreams, maxStreamsPerCaller, proxies }: StreamLimits): Stage {
  const ofCaller = new Map<string, number>();
  let all = 0;

  return ({ operation, request: { req, res, caller } }) => {
    if (operation.kind !== 'subscription') return;
    const key = limitKey(req, caller, proxies);
    const own = ofCaller.get(key) ?? 0;
    if (own >= maxStreamsPerCaller) throw tooMany(429);
    if (all >= maxStreams) throw tooMany(503);
    all += 1;
    ofCaller.set(key, own + 1);
    res.once('close', () => {
      all -= 1;
      const rest = (ofCaller.get(key) ?? 1) - 1;
      if (rest === 0) ofCaller.delete(key);
      else ofCaller.set(key, rest);
    });
  };
}

function tooMany(status: number): RefusalError {
  const { code, message } = new StreamError('TOO_MANY_STREAMS');
  return new RefusalError({ status, code, message, headers: { 'retry-after': RETRY_AFTER } });
}
