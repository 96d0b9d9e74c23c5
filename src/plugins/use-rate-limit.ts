import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Caller } from '../auth/caller.ts';
import { clientAddress, networkOf, nodeRequest } from './client-address.ts';
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
  const addressKey = (serverContext: unknown): string | undefined => {
    const req = nodeRequest(serverContext);
    return req && `address ${networkOf(clientAddress(req, proxyHops))}`;
  };
  const messageOf = (seconds: number): string =>
    `More than ${requestsPerMinute.toLocaleString('en')} requests in a minute. Try again in ${seconds} s.`;

  return {
    async onRequest({ serverContext, fetchAPI, endResponse }) {
      const key = addressKey(serverContext);
      const seconds = key === undefined ? undefined : await consume(key);
      if (seconds === undefined) return;
      const headers = { 'retry-after': String(seconds) };
      endResponse(refusal(fetchAPI, 429, CODE, messageOf(seconds), headers));
    },

    async onExecute({ args: { contextValue } }) {
      const caller = callerKey(contextValue);
      if (caller === undefined) return;
      const address = addressKey(contextValue);
      if (address !== undefined) await limiter.reward(address);
      const seconds = await consume(caller);
      if (seconds === undefined) return;
      const http = { status: 429, headers: { 'retry-after': String(seconds) } };
      throw createGraphQLError(messageOf(seconds), { extensions: { code: CODE, http } });
    },
  };
}

const CODE = 'TOO_MANY_REQUESTS';

/** Who it is, if they have shown it. No key may be mistaken for another: the parts may hold anything. */
function callerKey(context: object): string | undefined {
  // Ours, made by `createContext`, which Yoga's types do not know.
  const { caller } = context as { readonly caller?: Caller };
  if (caller === undefined || caller.kind === 'none') return undefined;
  return `caller ${JSON.stringify([caller.kind, caller.tenant, caller.subject])}`;
}
