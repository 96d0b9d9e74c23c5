import type { ExecutionResult, GraphQLError } from 'graphql';
import { createGraphQLError, mapAsyncIterator } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import { currentRequest } from '../observability/logging/request-scope.ts';

/**
 * Puts the id of the request into every top-level error, so that whoever reports one can quote it. The last thing that
 * happens to a result: `onResultProcess` sees those of refused requests too.
 */
export function useRequestId(): Plugin {
  return {
    onResultProcess({ result, setResult }) {
      const requestId = currentRequest()?.requestId;
      if (requestId === undefined) return;
      if (Symbol.asyncIterator in result)
        setResult(mapAsyncIterator(result, (item) => withId(item, requestId)));
      else if (Array.isArray(result)) setResult(result.map((item) => withId(item, requestId)));
      else setResult(withId(result, requestId));
    },
  };
}

function withId<Result extends ExecutionResult>(result: Result, requestId: string): Result {
  if (result.errors === undefined) return result;
  return { ...result, errors: result.errors.map((error) => errorWithId(error, requestId)) };
}

/** An error that names its request. */
export function errorWithId(error: GraphQLError, requestId: string): GraphQLError {
  const { message, nodes = null, source = null, positions = null, path = null } = error;
  const extensions = { ...error.extensions, requestId };
  return createGraphQLError(message, { nodes, source, positions, path, extensions });
}
