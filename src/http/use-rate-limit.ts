import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import type { RateLimit } from './rate-limit.ts';
import { refusal } from './error-response.ts';

export const TOO_MANY_REQUESTS = 'TOO_MANY_REQUESTS';

/**
 * Requests beyond a share for each caller are answered with 429. A request counts for its address, before anything of it
 * is read, until somebody has shown who they are: then it counts for them, wherever they are, and no longer for an address
 * that others may share.
 */
export function useRateLimit(rateLimit: RateLimit): Plugin {
  const countForCaller = async ({ args: { contextValue } }: ExecutionStart): Promise<void> => {
    const excess = await rateLimit.takeForCaller(contextValue);
    if (excess === undefined) return;
    const http = { status: 429, headers: { 'retry-after': String(excess.seconds) } };
    throw createGraphQLError(excess.message, { extensions: { code: TOO_MANY_REQUESTS, http } });
  };

  return {
    async onRequest({ serverContext, fetchAPI, endResponse }) {
      const excess = await rateLimit.takeForAddress(serverContext);
      if (excess === undefined) return;
      const headers = { 'retry-after': String(excess.seconds) };
      endResponse(refusal(fetchAPI, 429, TOO_MANY_REQUESTS, excess.message, headers));
    },

    onExecute: countForCaller,
    onSubscribe: countForCaller,
  };
}

interface ExecutionStart {
  readonly args: { readonly contextValue: object };
}
