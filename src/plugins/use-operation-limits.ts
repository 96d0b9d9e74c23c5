import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';

/** The largest of `examples/` has 90. */
const MAX_TOKENS = 2_000;
/** More would help nobody, and a few bytes of a request would make kilobytes of an answer. */
const MAX_ERRORS = 10;

/**
 * Operations that are too long are not read: a few kilobytes of brackets overflow the stack, and thousands of aliases
 * would keep the service busy for minutes.
 */
export function useOperationLimits(): Plugin {
  return {
    onParse({ parseFn, setParseFn }) {
      setParseFn((source, options) => parseFn(source, { ...options, maxTokens: MAX_TOKENS }));
    },
    onValidate() {
      return ({ valid, result, setResult }) => {
        if (valid) return;
        setResult(
          result
            .slice(0, MAX_ERRORS)
            .map(({ message, nodes, extensions }) =>
              createGraphQLError(message, { nodes: nodes ?? null, extensions }),
            ),
        );
      };
    },
    onExecutionResult({ result, setResult }) {
      // Without data nothing was run: these are mistakes in variables, of which there are as many as in their lists.
      if (result === undefined || Array.isArray(result) || !('errors' in result) || 'data' in result) return;
      if (result.errors !== undefined && result.errors.length > MAX_ERRORS)
        setResult({ ...result, errors: result.errors.slice(0, MAX_ERRORS) });
    },
  };
}
