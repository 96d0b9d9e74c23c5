import { Lexer, Source, TokenKind, GraphQLError } from 'graphql';
import { isFileUpload } from '../uploads/file-upload.ts';

/** The most tokens of an operation: thousands of aliases would keep the service busy for minutes. The largest of `examples/` has 90. */
export const MAX_TOKENS = 2_000;
/**
 * Levels of brackets in an operation, and of lists and objects in its parameters. Parsers, rules and coercion recurse for
 * each level, and a few hundred levels can overflow the stack. GraphiQL's introspection has 13.
 */
const MAX_LEVELS = 100;

const OPENING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/**
 * Refuses an operation whose brackets are nested too deeply, before it is parsed.
 * @throws {GraphQLError} also for an invalid token, as the parser does
 */
export function checkBrackets(source: string): void {
  const lexer = new Lexer(new Source(source));
  let levels = 0;
  for (let tokens = 0; tokens < MAX_TOKENS && lexer.advance().kind !== TokenKind.EOF; tokens += 1) {
    const { kind } = lexer.token;
    if (OPENING.has(kind)) levels += 1;
    if (CLOSING.has(kind)) levels -= 1;
    if (levels > MAX_LEVELS) throw nestedTooDeeply();
  }
}

/**
 * Refuses parameters that are nested too deeply. Iterates level by level, because recursion is what the limit protects. A
 * file is not a part of the JSON.
 */
export function checkNesting(params: object): void {
  let level: object[] = [params];
  for (let levels = 0; level.length > 0; levels += 1) {
    if (levels > MAX_LEVELS) throw nestedTooDeeply();
    level = level.flatMap((parent) => Object.values(parent).filter(isParent));
  }
}

const isParent = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !isFileUpload(value);

function nestedTooDeeply(): Error {
  return new GraphQLError(
    `The request is nested too deeply: its operation, its variables and its extensions may each have ${MAX_LEVELS} levels of brackets.`,
    { extensions: { code: 'TOO_DEEPLY_NESTED', limit: MAX_LEVELS, http: { spec: true, status: 400 } } },
  );
}
