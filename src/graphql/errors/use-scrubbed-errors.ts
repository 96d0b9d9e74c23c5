import type { ExecutionResult } from 'graphql';
import { createGraphQLError, mapAsyncIterator } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import { currentRequest } from '../../observability/logging/request-scope.ts';
import type { Scrubber } from '../../observability/logging/scrubber.ts';

/**
 * Takes out of the messages of top-level errors what no answer may hold. graphql-js quotes what it does not understand,
 * and that may be anything: the caller's own token, or the fiscal code of somebody else.
 */
export function useScrubbedErrors(scrub: Scrubber): Plugin {
  return {
    onResultProcess({ result, setResult }) {
      const withoutCredentials = currentRequest()?.withoutCredentials ?? ((text: string) => text);
      const clean = (text: string): string => scrub(withoutCredentials(text));
      if (Symbol.asyncIterator in result)
        setResult(mapAsyncIterator(result, (item) => scrubbed(item, clean)));
      else if (Array.isArray(result)) setResult(result.map((item) => scrubbed(item, clean)));
      else setResult(scrubbed(result, clean));
    },
  };
}

function scrubbed<Result extends ExecutionResult>(result: Result, scrub: Scrubber): Result {
  if (result.errors === undefined) return result;
  const errors = result.errors.map((error) => {
    const message = scrub(error.message);
    if (message === error.message) return error;
    const { nodes = null, source = null, positions = null, path = null, extensions } = error;
    return createGraphQLError(message, { nodes, source, positions, path, extensions });
  });
  return { ...result, errors };
}
