import { Lexer, NoSchemaIntrospectionCustomRule, Source, TokenKind } from 'graphql';
import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import { isFileUpload } from '../uploads/file-upload.ts';

/** The largest operation of `examples/` has 90. */
const MAX_TOKENS = 2_000;
/** Levels of brackets in an operation, and of lists and objects in its parameters. GraphiQL's introspection has 13. */
const MAX_LEVELS = 100;
/** More errors would not help, and a small request would cause a large response. */
const MAX_ERRORS = 10;

/**
 * Refuses operations that are too long, because thousands of aliases would keep the service busy for minutes, and operations
 * and parameters that are nested too deeply, because parsers, rules and coercion recurse for each level and a few hundred
 * levels can overflow the stack.
 */
export function useOperationLimits(): Plugin {
  return {
    onParams({ params }) {
      if (isNestedTooDeeply(params)) throw nestedTooDeeply();
    },
    onParse({ parseFn, setParseFn }) {
      setParseFn((source: string | Source, options) => {
        if (hasTooManyBrackets(source)) throw nestedTooDeeply();
        return parseFn(source, { ...options, maxTokens: MAX_TOKENS });
      });
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
      // Without data nothing ran: these are mistakes in variables, whose number depends on the length of their lists.
      if (result === undefined || Array.isArray(result) || !('errors' in result) || 'data' in result) return;
      if (result.errors !== undefined && result.errors.length > MAX_ERRORS)
        setResult({ ...result, errors: result.errors.slice(0, MAX_ERRORS) });
    },
  };
}

/** Refuses operations that select the schema (`__schema`, `__type`). Clients have it in `schema.graphql`. */
export const noIntrospection: Plugin = {
  onValidate({ addValidationRule }) {
    addValidationRule(NoSchemaIntrospectionCustomRule);
  },
};

const OPENING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/**
 * Whether the brackets of an operation are nested too deeply, checked before it is parsed.
 * @throws {GraphQLError} for an invalid token, as the parser does
 */
function hasTooManyBrackets(source: string | Source): boolean {
  const lexer = new Lexer(typeof source === 'string' ? new Source(source) : source);
  let levels = 0;
  for (let tokens = 0; tokens < MAX_TOKENS && lexer.advance().kind !== TokenKind.EOF; tokens += 1) {
    const { kind } = lexer.token;
    if (OPENING.has(kind)) levels += 1;
    if (CLOSING.has(kind)) levels -= 1;
    if (levels > MAX_LEVELS) return true;
  }
  return false;
}

/** Iterates level by level, because recursion is what the limit protects. A file is not a part of the JSON. */
function isNestedTooDeeply(params: object): boolean {
  let level: object[] = [params];
  for (let levels = 0; level.length > 0; levels += 1) {
    if (levels > MAX_LEVELS) return true;
    level = level.flatMap((parent) => Object.values(parent).filter(isParent));
  }
  return false;
}

const isParent = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !isFileUpload(value);

function nestedTooDeeply(): Error {
  return createGraphQLError(
    `The request is nested too deeply: its operation, its variables and its extensions may each have ${MAX_LEVELS} levels of brackets.`,
    { extensions: { code: 'TOO_DEEPLY_NESTED', limit: MAX_LEVELS, http: { spec: true, status: 400 } } },
  );
}
