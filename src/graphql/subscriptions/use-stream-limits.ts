import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import { StreamError } from '../../resolvers/errors/stream-error.ts';
import { callerKeyOf } from '../../http/caller-key.ts';
import { nodeResponse } from '../../http/client-address.ts';
import type { TrustedProxies } from '../../http/client-address.ts';

export interface StreamLimits {
  readonly maxStreams: number;
  readonly maxStreamsPerCaller: number;
  readonly proxies: TrustedProxies;
}

/** Seconds. Streams end when they end: this is a guess that keeps clients from asking all the time. */
const RETRY_AFTER = '30';

/**
 * Refuses subscriptions beyond so many at a time. They count for whoever has shown who they are, or else for their
 * address, from before anything is asked for them until the connection, or the answer on it, is over.
 */
export function useStreamLimits({ maxStreams, maxStreamsPerCaller, proxies }: StreamLimits): Plugin {
  const ofCaller = new Map<string, number>();
  let all = 0;

  return {
    onSubscribe({ args: { contextValue } }) {
      const response = nodeResponse(contextValue);
      const key = callerKeyOf(contextValue, proxies);
      if (response === undefined || key === undefined) return; // no connection to count, only in tests
      const own = ofCaller.get(key) ?? 0;
      if (own >= maxStreamsPerCaller) throw tooMany(429);
      if (all >= maxStreams) throw tooMany(503);
      all += 1;
      ofCaller.set(key, own + 1);
      response.once('close', () => {
        all -= 1;
        const rest = (ofCaller.get(key) ?? 1) - 1;
        if (rest === 0) ofCaller.delete(key);
        else ofCaller.set(key, rest);
      });
    },
  };
}

function tooMany(status: number): Error {
  const { code, message } = new StreamError('TOO_MANY_STREAMS');
  const http = { status, headers: { 'retry-after': RETRY_AFTER } };
  return createGraphQLError(message, { extensions: { code, http } });
}
