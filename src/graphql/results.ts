import { SpanStatusCode } from '@opentelemetry/api';
import { GraphQLError, Kind } from 'graphql';
import type { ExecutionResult } from 'graphql';
import type { Logger } from 'pino';
import type { Answer } from '../http/answer.ts';
import { RefusalError } from '../http/answer.ts';
import type { GatewayEvents } from '../observability/events.ts';
import { describeCause } from '../observability/logging/bounded.ts';
import { currentRequest } from '../observability/logging/request-scope.ts';
import type { RequestScope } from '../observability/logging/request-scope.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import { RedisError } from '../redis/redis-errors.ts';
import { isFailure, outcomeOf } from '../resolvers/errors/codes.ts';
import { NotFoundError } from '../resolvers/errors/domain-errors.ts';
import { StreamError, UpstreamFault } from '../resolvers/errors/faults.ts';
import { InvalidPageError } from '../resolvers/pagination.ts';
import { UpstreamError } from '../upstream/failure.ts';
import { UNKNOWN } from './operation-record.ts';
import { errorsOf } from './operations.ts';
import type { Result } from './operations.ts';

export interface ResultsOptions {
  readonly events: GatewayEvents;
  readonly scrub: Scrubber;
  /** Whether messages may suggest names of the schema. */
  readonly suggestions: boolean;
  readonly logger: Logger;
}

/** graphql-js appends this to a message when a similar name exists, which reveals a schema that is not public. */
const SUGGESTION = / Did you mean .*\?$/s;

/**
 * The one pass over the errors of a result, single or streamed: it masks them, removes suggestions and secrets from their
 * messages (graphql-js quotes what it does not understand, such as a token or a fiscal code), adds the request id, and
 * records their codes. Then it emits the events of the operation.
 */
export class Results {
  readonly #options: ResultsOptions;
  readonly #mask: (error: GraphQLError) => GraphQLError;

  constructor(options: ResultsOptions) {
    this.#options = options;
    this.#mask = createMaskError(options.logger);
  }

  /** Call it once for each request, also for one that was refused before an operation was known. */
  finish(result: Result): Result {
    const scope = currentRequest();
    const { events } = this.#options;
    if (Symbol.asyncIterator in result) {
      report(scope, [], events);
      return mapped(result[Symbol.asyncIterator](), (item) => this.#clean(item, scope));
    }
    const cleaned = this.#clean(result, scope);
    report(scope, codesOf(cleaned.errors ?? []), events);
    return cleaned;
  }

  #clean(result: ExecutionResult, scope: RequestScope | undefined): ExecutionResult {
    if (result.errors === undefined) return result;
    const errors = result.errors.map((error) => this.#cleanError(error, scope));
    for (const code of codesOf(errors)) scope?.record.errors.add(code);
    return { ...result, errors };
  }

  #cleanError(error: GraphQLError, scope: RequestScope | undefined): GraphQLError {
    const { suggestions, scrub } = this.#options;
    const masked = this.#mask(error);
    const { nodes = null, source = null, positions = null, path = null } = masked;
    const shown = suggestions ? masked.message : masked.message.replace(SUGGESTION, '');
    const message = scrub(scope?.withoutCredentials(shown) ?? shown);
    const extensions = { ...masked.extensions, ...(scope && { requestId: scope.requestId }) };
    return new GraphQLError(message, { nodes, source, positions, path, extensions });
  }
}

/**
 * Maps the results of a source; a failure of the source is its last result. An async generator would answer `return` only
 * after the next result.
 */
function mapped(
  source: AsyncIterator<ExecutionResult>,
  map: (result: ExecutionResult) => ExecutionResult,
): AsyncIterable<ExecutionResult> {
  const iterator: AsyncIterator<ExecutionResult> = {
    async next() {
      try {
        const { done, value } = await source.next();
        return done === true ? { done, value } : { done: false, value: map(value) };
      } catch (error) {
        return { done: false, value: map({ errors: errorsOf(error) }) };
      }
    },
    return: async () => (await source.return?.()) ?? { done: true, value: undefined },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** Reports the outcome of the operation to the metrics and the span. A subscription has started, or was refused. */
function report(scope: RequestScope | undefined, topLevel: readonly string[], events: GatewayEvents): void {
  const failure = topLevel.find(isFailure);
  if (failure !== undefined)
    scope?.span?.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', failure);
  const { execution, resultCodes = [] } = scope?.record ?? {};
  const codes = [...resultCodes, ...topLevel];
  if (execution === undefined && codes.length === 0) return;
  for (const code of codes) events.emit('errorAnswered', { code });
  events.emit('operation', {
    type: execution?.type ?? 'unknown',
    name: execution?.label ?? UNKNOWN,
    outcome: execution?.signal?.aborted === true ? 'left' : outcomeOf(codes),
    durationMs: execution === undefined ? 0 : performance.now() - execution.startedAt,
  });
}

/** Every masked error has a code. */
const codesOf = (errors: readonly GraphQLError[]): string[] =>
  errors.map(({ extensions }) => String(extensions['code'] ?? 'INTERNAL_SERVER_ERROR'));

type Extensions = Readonly<Record<string, unknown>>;

/**
 * The top-level error that callers get: a fault of the service with its documented code, a refusal unchanged, and for any
 * other error, which is logged, only a general message.
 */
function createMaskError(logger: Logger): (error: GraphQLError) => GraphQLError {
  return (error) => {
    const original = error.originalError ?? error;
    const extensions = extensionsOf(original, logger) ?? refusalOf(error, original);
    if (extensions !== undefined) return withExtensions(error, error.message, extensions);
    logger.error({ err: original }, 'unexpected error');
    return withExtensions(error, 'Unexpected error.', { code: 'INTERNAL_SERVER_ERROR' });
  };
}

function withExtensions(error: GraphQLError, message: string, extensions: Extensions): GraphQLError {
  const { nodes = null, source = null, positions = null, path = null } = error;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}

/** The extensions of an error class of Sigillo, whose message is written for callers. */
function extensionsOf(original: Error, logger: Logger): Extensions | undefined {
  if (original instanceof UpstreamFault) {
    const { code, retryAfterSeconds } = original;
    logFault(original, logger);
    return { code, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  }
  if (original instanceof RefusalError) {
    const { code, status, headers } = original;
    return { code, http: { status, headers } };
  }
  if (original instanceof InvalidPageError) return { code: 'BAD_USER_INPUT' };
  // A subscription has no result union that could contain these.
  if (original instanceof NotFoundError || original instanceof StreamError) return { code: original.code };
  return undefined;
}

function logFault({ code, cause }: UpstreamFault, logger: Logger): void {
  const because = cause instanceof Error ? describeCause(cause.cause) : [];
  const facts = {
    code,
    cause: cause instanceof Error ? cause.message : undefined,
    ...(because.length > 0 && { because }),
  };
  if (cause instanceof UpstreamError && cause.kind === 'aborted') logger.debug(facts, 'the client left');
  // Logged once, when Redis became unusable, and not for each request.
  else if (cause instanceof Error && cause.cause instanceof RedisError)
    logger.debug(facts, 'Redis cannot be used');
  else logger.warn(facts, 'upstream fault');
}

/** The extensions of a refusal by GraphQL, Yoga or a plugin; undefined for any other error. */
function refusalOf(error: GraphQLError, original: Error): Extensions | undefined {
  if (!(original instanceof GraphQLError) || original.extensions['unexpected'] === true) return undefined;
  // Yoga's own refusals of a body quote it in `originalError`.
  const { originalError: _, ...extensions } = original.extensions;
  const code = extensions['code'] ?? (isAboutInput(error) ? 'BAD_USER_INPUT' : undefined);
  if (code === undefined) return undefined;
  return { ...extensions, code, ...(isRequestError(error, code) && { http: REQUEST_ERROR_STATUS }) };
}

/** By GraphQL over HTTP, section 6.4: 400, and 200 for clients that accept only `application/json` (`spec`). */
const REQUEST_ERROR_STATUS = { spec: true, status: 400 };

/** Variables and operation names are checked before execution. The executor sets a status for only some of them. */
function isRequestError({ path }: GraphQLError, code: unknown): boolean {
  return path === undefined && (code === 'BAD_USER_INPUT' || code === 'OPERATION_RESOLUTION_FAILURE');
}

/** The executor adds this after 50 mistakes in variables, without a location. */
const TOO_MANY_MISTAKES = /^Too many errors processing variables\b/;

/** graphql-js sets no code for mistakes in variables and arguments. Its errors about our answers are about a field. */
function isAboutInput({ message, nodes = [] }: GraphQLError): boolean {
  if (nodes.length === 0) return TOO_MANY_MISTAKES.test(message);
  return nodes.every(({ kind }) => kind !== Kind.FIELD);
}

/** What an error says to the server: the status and the headers of the answer. */
interface HttpExtension {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the status is that of `application/graphql-response+json` only. */
  readonly spec?: boolean;
}

/**
 * A single result as JSON. By GraphQL over HTTP, section 6.4, a client that prefers `application/json` gets 200 for errors of
 * the operation.
 */
export function jsonAnswer(result: ExecutionResult, type: string): Answer {
  const { errors = [] } = result;
  const headers: Record<string, string> = { 'content-type': `${type}; charset=utf-8` };
  let status = 0;
  for (const { extensions } of errors) {
    // Only errors of ours have the extension.
    const http = extensions['http'] as HttpExtension | undefined;
    if (http === undefined) continue;
    Object.assign(headers, http.headers);
    if (http.spec === true && type === 'application/json') continue;
    status = Math.max(status, http.status ?? 0);
  }
  return { status: status === 0 ? 200 : status, headers, body: printed(result) };
}

/** A result as JSON text. */
export function printed(result: ExecutionResult): string {
  const { errors } = result;
  return JSON.stringify(errors === undefined ? result : { ...result, errors: errors.map(withoutInternals) });
}

/** `http` and `unexpected` are for the server. */
function withoutInternals(error: GraphQLError): object {
  const { http: _, unexpected: __, ...extensions } = error.extensions;
  const { extensions: ___, ...shown } = error.toJSON();
  return Object.keys(extensions).length === 0 ? shown : { ...shown, extensions };
}
