import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';

/** `variables` and `extensions` of a query string that are not JSON are the caller's mistake, not the gateway's. */
export function useReadableParameters(): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser }) {
      if (request.method !== 'GET' || requestParser === undefined) return;
      setRequestParser(async (request) => {
        try {
          return await requestParser(request);
        } catch (error) {
          // Its message quotes what it could not read.
          if (!(error instanceof SyntaxError)) throw error;
          throw createGraphQLError('The parameters variables and extensions must be JSON.', {
            extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
          });
        }
      });
    },
  };
}
