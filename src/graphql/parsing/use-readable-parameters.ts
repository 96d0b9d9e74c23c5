import { GraphQLError } from 'graphql';
import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';

/**
 * What cannot be read is the caller's mistake, and status 400 whatever they accept: `variables` and `extensions` of a
 * query string, which Yoga takes for a fault of the gateway; a body of no JSON, and a request without an operation, for
 * which it has 200. So is a body that breaks off, though nobody is left to be told.
 */
export function useReadableParameters(): Plugin {
  return {
    onRequestParse({ requestParser, setRequestParser }) {
      if (requestParser === undefined) return;
      setRequestParser(async (request) => {
        try {
          return await requestParser(request);
        } catch (error) {
          // Its message quotes what it could not read.
          if (error instanceof SyntaxError)
            throw unreadable('The parameters variables and extensions must be JSON.');
          if (error instanceof GraphQLError && error.extensions['code'] === 'BAD_REQUEST')
            throw unreadable(error.message);
          if (isCutOff(error)) throw unreadable('The request ended before its body did.');
          throw error;
        }
      });
    },

    // Behind trusted documents, which may have put one there.
    onParams({ params }) {
      const given: unknown = params;
      if (typeof given !== 'object' || given === null) return; // Yoga refuses it
      const isWithoutQuery = (params.query ?? null) === null;
      if (isWithoutQuery && Boolean(params.extensions?.['persistedQuery']))
        throw persistedQueryNotSupported();
      if (isWithoutQuery)
        throw unreadable('There is no operation here: send it as query, in a JSON object by POST.');
      // Yoga would look for an operation of that name.
      const operationName: unknown = params.operationName ?? '';
      if (typeof operationName !== 'string') throw unreadable('The parameter operationName must be a text.');
    },
  };
}

/** What Node's request stream fails with when its connection closes. */
function isCutOff(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}

function unreadable(message: string): GraphQLError {
  return createGraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
}

/**
 * Apollo's clients send the hash of an operation first (automatic persisted queries) and the operation after this answer.
 * They know it by its code or by its message, both as in Apollo Server, which has status 200 for it.
 */
function persistedQueryNotSupported(): GraphQLError {
  return createGraphQLError('PersistedQueryNotSupported', {
    extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED', http: { status: 200 } },
  });
}
