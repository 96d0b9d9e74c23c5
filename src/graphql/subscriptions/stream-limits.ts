import { StreamError } from '../../resolvers/errors/faults.ts';
import type { TrustedProxies } from '../../http/client-address.ts';
import { RefusalError } from '../../http/error-response.ts';
import { limitKey } from '../../http/rate-limit.ts';
import type { Stage } from '../stage.ts';
import type { StreamCounts } from './stream-counts.ts';

export interface StreamLimits {
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
