import type { Clock } from './clock.ts';
import type { Answer } from './problems.ts';
import { gatewayError } from './problems.ts';

export interface RateLimit {
  /** Calls per key in any window. */
  readonly calls: number;
  readonly windowMs: number;
}

export const SERVICE_RATE_LIMIT: RateLimit = { calls: 150, windowMs: 5_000 };

/** The verdict on a call: headers for its answer, and the answer itself when the call goes no further. */
export interface Admission {
  readonly headers: Readonly<Record<string, string>>;
  readonly refusal?: Answer;
}

/**
 * The API gateway in front of the service: knows keys and counts calls, per key, in a sliding window.
 *
 * @param apiKeys the keys there are; undefined admits every key that is not empty
 * @param rateLimit false counts nothing
 */
export function createApiManagement(
  clock: Clock,
  apiKeys: readonly string[] | undefined,
  rateLimit: RateLimit | false,
): (apiKey: string | undefined) => Admission {
  const known = apiKeys === undefined ? undefined : new Set(apiKeys);
  /** Times of the calls in the present window, oldest first. */
  const recent = new Map<string, number[]>();

  return (apiKey) => {
    if (apiKey === undefined || apiKey === '')
      return { headers: {}, refusal: gatewayError(401, MISSING_KEY) };
    if (known?.has(apiKey) === false) return { headers: {}, refusal: gatewayError(401, INVALID_KEY) };
    if (rateLimit === false) return { headers: {} };

    const now = clock.now();
    const calls = (recent.get(apiKey) ?? []).filter((time) => now - time < rateLimit.windowMs);
    recent.set(apiKey, calls);
    const oldest = calls[0];
    if (oldest !== undefined && calls.length >= rateLimit.calls) {
      const seconds = Math.max(1, Math.ceil((oldest + rateLimit.windowMs - now) / 1_000));
      return {
        headers: { 'x-rate-limit-remaining': '0', 'x-rate-limit-retry-after': String(seconds) },
        refusal: gatewayError(429, `Rate limit is exceeded. Try again in ${seconds} seconds.`),
      };
    }
    calls.push(now);
    return { headers: { 'x-rate-limit-remaining': String(rateLimit.calls - calls.length) } };
  };
}

const MISSING_KEY =
  'Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.';
const INVALID_KEY =
  'Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.';
