import { GraphQLError, Lexer, Source, TokenKind } from 'graphql';
import { RefusalError } from '../../http/answer.ts';
import { isFileUpload } from '../../uploads/file-upload.ts';
import type { Values } from '../execution/plan.ts';
import { pageDocumentOf, trustedDocumentOf } from '../trusted-documents.ts';
import type { NamedDocuments } from '../trusted-documents.ts';

/** The parameters of a GraphQL request (GraphQL over HTTP, section 5). */
export interface Parameters {
  /** The text of the document. */
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Values;
}

/**
 * Checks what a parser has read, and replaces the id of a document by its text.
 *
 * @param given from JSON: any value
 * @throws {RefusalError | GraphQLError}
 */
export function checkParameters(given: unknown, named: NamedDocuments | undefined): Parameters {
  if (Array.isArray(given)) throw invalid('Batching is not supported.');
  if (!isObject(given)) throw invalid('The parameters of the request must be an object.');
  const known = named && documentOf(given, named);
  const { query = known, operationName, variables, extensions, ...others } = given;
  checkNesting(given);
  requireOperation(query, extensions);
  // Yoga would look for an operation of that name.
  if (!isMissing(operationName) && typeof operationName !== 'string')
    throw malformed('The parameter operationName must be a string.');
  if (known === undefined) refuseOthers(others);
  if (typeof query !== 'string') throw mustBe('query', 'a string', query);
  if (!isMissing(variables) && !isObject(variables))
    throw mustBe('variables', 'empty or an object', variables);
  if (!isMissing(extensions) && !isObject(extensions))
    throw mustBe('extensions', 'empty or an object', extensions);
  return {
    query: known ?? query,
    operationName: typeof operationName === 'string' && operationName !== '' ? operationName : undefined,
    variables: isObject(variables) ? variables : {},
  };
}

const documentOf = (given: Values, named: NamedDocuments): string | undefined =>
  named.isExclusive ? trustedDocumentOf(given, named.documents) : pageDocumentOf(given, named);

function requireOperation(query: unknown, extensions: unknown): void {
  if (!isMissing(query)) return;
  if (isObject(extensions) && Boolean(extensions['persistedQuery'])) throw persistedQueryNotSupported();
  throw malformed('The request has no operation. Send it as query, in a JSON object by POST.');
}

function refuseOthers(others: Values): void {
  const unknown = Object.entries(others).find(([, value]) => !isMissing(value));
  if (unknown !== undefined) throw invalid(`Unexpected parameter "${unknown[0]}" in the request body.`);
}

const isMissing = (value: unknown): value is null | undefined => value === undefined || value === null;

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);

const mustBe = (name: string, what: string, value: unknown): Error =>
  invalid(`Expected "${name}" param to be ${what}, but given ${typeOf(value)}.`, { Allow: 'GET, POST' });

const invalid = (message: string, headers?: Readonly<Record<string, string>>): Error =>
  new GraphQLError(message, {
    extensions: { code: 'BAD_REQUEST', http: { status: 400, ...(headers && { headers }) } },
  });

const malformed = (message: string): RefusalError =>
  new RefusalError({ status: 400, code: 'BAD_REQUEST', message });

/**
 * Apollo's clients first send the hash of an operation (automatic persisted queries), and the operation after this answer.
 * They recognise it by its code or its message, both as in Apollo Server, which answers it with status 200.
 */
const persistedQueryNotSupported = (): RefusalError =>
  new RefusalError({
    status: 200,
    code: 'PERSISTED_QUERY_NOT_SUPPORTED',
    message: 'PersistedQueryNotSupported',
  });

/** The most tokens of an operation: thousands of aliases would keep the service busy for minutes. The largest of `examples/` has 90. */
export const MAX_TOKENS = 2_000;
/**
 * Levels of brackets in an operation, and of lists and objects in its parameters. Parsers, rules and coercion recurse for
 * each level, and a few hundred levels can overflow the stack. GraphiQL's introspection has 13.
 */
const MAX_LEVELS = 100;

const OPEN_TOKENS: ReadonlySet<TokenKind> = new Set([
  TokenKind.BRACE_L,
  TokenKind.BRACKET_L,
  TokenKind.PAREN_L,
]);
const CLOSE_TOKENS: ReadonlySet<TokenKind> = new Set([
  TokenKind.BRACE_R,
  TokenKind.BRACKET_R,
  TokenKind.PAREN_R,
]);

/**
 * Refuses an operation whose brackets are nested too deeply, before it is parsed.
 * @throws {GraphQLError} also for an invalid token, as the parser does
 */
export function checkBrackets(source: string): void {
  const lexer = new Lexer(new Source(source));
  let levels = 0;
  for (let tokens = 0; tokens < MAX_TOKENS && lexer.advance().kind !== TokenKind.EOF; tokens += 1) {
    const { kind } = lexer.token;
    if (OPEN_TOKENS.has(kind)) levels += 1;
    if (CLOSE_TOKENS.has(kind)) levels -= 1;
    if (levels > MAX_LEVELS) throw nestedTooDeeply();
  }
}

/**
 * Refuses parameters that are nested too deeply. Iterates level by level, because recursion is what the limit protects. A
 * file is not a part of the JSON.
 */
function checkNesting(params: object): void {
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
