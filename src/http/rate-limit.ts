import type { IncomingMessage } from 'node:http';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { callerKey } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import { clientNetwork } from './client-address.ts';
import type { TrustedProxies } from './client-address.ts';
import type { Refusal } from './error-response.ts';

export interface RateLimitOptions {
  readonly requestsPerMinute: number;
  readonly proxies: TrustedProxies;
}

/** A rate limit that is exceeded. */
export interface Excess {
  /** How long the client should wait before it retries. */
  readonly seconds: number;
  readonly message: string;
}

/** The key that counts an authenticated caller. */
function authenticatedKey(caller: Caller | undefined): string | undefined {
  return caller === undefined || caller.kind === 'none' ? undefined : `caller ${callerKey(caller)}`;
}

/** The key that counts a client: its caller, or its address without authentication. */
export function limitKey(req: IncomingMessage, caller: Caller | undefined, proxies: TrustedProxies): string {
  return authenticatedKey(caller) ?? `address ${clientNetwork(req, proxies)}`;
}

/** A per-caller rate limit for all requests. Each method counts one request; it returns undefined within the limit. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #limiter: RateLimiterMemory;

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#limiter = new RateLimiterMemory({ points: options.requestsPerMinute, duration: 60 });
  }

  /** Counts a request for its address, before anything of it is read. */
  takeForAddress(req: IncomingMessage): Promise<Excess | undefined> {
    return this.#take(limitKey(req, undefined, this.#options.proxies));
  }

  /** Counts a request for its caller instead of its address, which several callers may share. */
  async takeForCaller(
    req: IncomingMessage | undefined,
    caller: Caller | undefined,
  ): Promise<Excess | undefined> {
    const key = authenticatedKey(caller);
    if (key === undefined) return undefined;
    if (req !== undefined) await this.#limiter.reward(limitKey(req, undefined, this.#options.proxies));
    return await this.#take(key);
  }

  async #take(key: string): Promise<Excess | undefined> {
    try {
      await this.#limiter.consume(key);
      return undefined;
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      const seconds = Math.ceil(refused.msBeforeNext / 1000);
      const limit = this.#options.requestsPerMinute.toLocaleString('en');
      return { seconds, message: `More than ${limit} requests in a minute. Try again in ${seconds} s.` };
    }
  }
}

export const excessRefusal = ({ seconds, message }: Excess): Refusal => ({
  status: 429,
  code: 'TOO_MANY_REQUESTS',
  message,
  headers: { 'retry-after': String(seconds) },
});
