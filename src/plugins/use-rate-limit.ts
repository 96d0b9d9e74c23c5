import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { addressKey, knownCallerKey } from './caller-key.ts';
import { refusal } from './refusal.ts';

export interface RateLimitOptions {
  readonly requestsPerMinute: number;
  /** Proxies of our own in front, whose `X-Forwarded-For` is believed. */
  readonly proxyHops: number;
}

/**
 * Requests beyond a share for each caller are answered with 429. A request counts for its address, before anything of it
 * is read, until somebody has shown who they are: then it counts for them, wherever they are, and no longer for an address
 * that others may share.
 */
export function useRateLimit({ requestsPerMinute, proxyHops }: RateLimitOptions): Plugin {
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  /** Seconds to wait, or undefined when there is some of the share left. */
  const consume = async (key: string): Promise<number | undefined> => {
    try {
      await limiter.consume(key);
      return undefined;
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      return Math.ceil(refused.msBeforeNext / 1000);
    }
  };
  const messageOf = (seconds: number): string =>
    `More than ${requestsPerMinute.toLocaleString('en')} requests in a minute. Try again in ${seconds} s.`;

  const countForCaller = async ({ args: { contextValue } }: ExecutionStart): Promise<void> => {
    const caller = knownCallerKey(contextValue);
    if (caller === undefined) return;
    const address = addressKey(contextValue, proxyHops);
    if (address !== undefined) await limiter.reward(address);
    const seconds = await consume(caller);
    if (seconds === undefined) return;
    const http = { status: 429, headers: { 'retry-after': String(seconds) } };
    throw createGraphQLError(messageOf(seconds), { extensions: { code: CODE, http } });
  };

  return {
    async onRequest({ serverContext, fetchAPI, endResponse }) {
      const key = addressKey(serverContext, proxyHops);
      const seconds = key === undefined ? undefined : await consume(key);
      if (seconds === undefined) return;
      const headers = { 'retry-after': String(seconds) };
      endResponse(refusal(fetchAPI, 429, CODE, messageOf(seconds), headers));
    },

    onExecute: countForCaller,
    onSubscribe: countForCaller,
  };
}

interface ExecutionStart {
  readonly args: { readonly contextValue: object };
}

const CODE = 'TOO_MANY_REQUESTS';
