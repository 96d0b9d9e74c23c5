import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';

/**
 * Gives a client `milliseconds` for its whole body, and closes the connection of one that needs longer: a byte now and
 * then would keep it open for ever. Multipart requests have a watch of their own, which knows who waits for whom.
 */
export function useBodyTime(milliseconds: number): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser }) {
      if (request.body === null || requestParser === undefined) return;
      setRequestParser(async (request) => {
        const late = Promise.withResolvers<never>();
        const timer = setTimeout(() => late.reject(tooSlow(milliseconds)), milliseconds);
        try {
          return await Promise.race([requestParser(request), late.promise]);
        } finally {
          clearTimeout(timer);
        }
      });
    },
  };
}

function tooSlow(milliseconds: number): Error {
  const message = `The body did not arrive within ${milliseconds / 1000} s. Send it again.`;
  const http = { status: 408, headers: { connection: 'close' } };
  return createGraphQLError(message, { extensions: { code: 'REQUEST_TIMEOUT', http } });
}
