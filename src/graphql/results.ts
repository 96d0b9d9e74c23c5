import { GraphQLError } from 'graphql';
import { SpanStatusCode } from '@opentelemetry/api';
import type { ExecutionResult } from 'graphql';
import type { Logger } from 'pino';
import type { GatewayEvents } from '../observability/events.ts';
import { currentRequest } from '../observability/logging/request-scope.ts';
import type { RequestScope } from '../observability/logging/request-scope.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import { isFailure, outcomeOf } from '../resolvers/errors/codes.ts';
import { createMaskError } from './mask-error.ts';
import { UNKNOWN } from './operation-name.ts';
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
