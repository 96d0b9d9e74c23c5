import { NoSchemaIntrospectionCustomRule } from 'graphql';
import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';

/** Refuses operations that ask for the schema (`__schema`, `__type`). Clients have it in `schema.graphql`. */
export function useNoIntrospection(): Plugin {
  return {
    onValidate({ addValidationRule }) {
      addValidationRule(NoSchemaIntrospectionCustomRule);
    },
  };
}

/** Whatever graphql-js finds wrong ends like this when a name nearby exists: a way to read a schema that is not shown. */
const SUGGESTION = / Did you mean .*\?$/s;

/** Error messages without the names that the caller might have meant. */
export function useNoSuggestions(): Plugin {
  return {
    onExecutionResult({ result, setResult }) {
      if (result === undefined || Array.isArray(result) || !('errors' in result)) return;
      if (!result.errors?.some(({ message }) => SUGGESTION.test(message))) return;
      const errors = result.errors.map((error) => {
        const { nodes = null, source = null, positions = null, path = null, extensions } = error;
        const message = error.message.replace(SUGGESTION, '');
        return createGraphQLError(message, { nodes, source, positions, path, extensions });
      });
      setResult({ ...result, errors });
    },
  };
}
