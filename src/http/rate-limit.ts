import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { addressKey, knownCallerKey } from './caller-key.ts';
import type { TrustedProxies } from './client-address.ts';

export interface RateLimitOptions {
  readonly requestsPerMinute: number;
  readonly proxies: TrustedProxies;
}

/** A share that is used up. */
export interface Excess {
  /** Until there is some of it again. */
  readonly seconds: number;
  readonly message: string;
}

/** Shares of requests. Each method takes one, and gives undefined when there was one left. */
export interface RateLimit {
  /** For where a request comes from: before anything of it is read. */
  takeForAddress(serverContext: unknown): Promise<Excess | undefined>;
  /** For who sent it, once they have shown it: their address gets its own back, as others may share it. */
  takeForCaller(context: object): Promise<Excess | undefined>;
}

/** One for all that a gateway answers. */
export function createRateLimit({ requestsPerMinute, proxies }: RateLimitOptions): RateLimit {
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  const take = async (key: string): Promise<Excess | undefined> => {
    try {
      await limiter.consume(key);
      return undefined;
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      const seconds = Math.ceil(refused.msBeforeNext / 1000);
      const limit = requestsPerMinute.toLocaleString('en');
      return { seconds, message: `More than ${limit} requests in a minute. Try again in ${seconds} s.` };
    }
  };
  return {
    async takeForAddress(serverContext) {
      const key = addressKey(serverContext, proxies);
      return key === undefined ? undefined : await take(key);
    },
    async takeForCaller(context) {
      const caller = knownCallerKey(context);
      if (caller === undefined) return undefined;
      const address = addressKey(context, proxies);
      if (address !== undefined) await limiter.reward(address);
      return await take(caller);
    },
  };
}
