import { GraphQLError, Kind } from 'graphql';
import { createGraphQLError } from 'graphql-yoga';
import type { Logger } from 'pino';
import { RedisError } from '../../redis/redis-errors.ts';
import { NotFoundError } from '../../resolvers/errors/domain-errors.ts';
import { UpstreamFault } from '../../resolvers/errors/faults.ts';
import { StreamError } from '../../resolvers/errors/stream-error.ts';
import { InvalidPageError } from '../../resolvers/pagination.ts';
import { UpstreamError } from '../../upstream/failure/upstream-error.ts';
import { describeCause } from '../../observability/logging/describe-cause.ts';

/**
 * What callers see of top-level errors: faults of the service with their documented code, refusals of the request as
 * they are, and nothing of anything else, which is logged.
 */
export function createMaskError(logger: Logger): (error: unknown, message: string) => Error {
  return (error, message) => {
    const original = error instanceof GraphQLError ? error.originalError : error;
    const where =
      error instanceof GraphQLError
        ? {
            nodes: error.nodes ?? null,
            source: error.source ?? null,
            positions: error.positions ?? null,
            path: error.path ?? null,
          }
        : {};
    if (original instanceof UpstreamFault) {
      const { code, retryAfterSeconds } = original;
      const { cause } = original;
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
      const extensions = { code, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
      return createGraphQLError(original.message, { ...where, extensions });
    }
    if (original instanceof InvalidPageError)
      return createGraphQLError(original.message, { ...where, extensions: { code: 'BAD_USER_INPUT' } });
    // Of a subscription, which has no result to say so in.
    if (original instanceof NotFoundError || original instanceof StreamError)
      return createGraphQLError(original.message, { ...where, extensions: { code: original.code } });
    const refusal = original ?? error;
    if (error instanceof GraphQLError && refusal instanceof GraphQLError) {
      // Yoga's own refusals of a body quote it in `originalError`.
      const { originalError: _, ...extensions } = refusal.extensions;
      if (extensions['code'] === undefined && isAboutInput(error)) extensions['code'] = 'BAD_USER_INPUT';
      if (isRequestError(error, extensions['code'])) extensions['http'] = REQUEST_ERROR_STATUS;
      if (extensions['code'] !== undefined)
        return createGraphQLError(error.message, { ...where, extensions });
    }
    logger.error({ err: original }, 'unexpected error');
    return createGraphQLError(message, { ...where, extensions: { code: 'INTERNAL_SERVER_ERROR' } });
  };
}

/** By GraphQL over HTTP, section 6.4: 400, and 200 for clients that accept `application/json` alone (`spec`). */
const REQUEST_ERROR_STATUS = { spec: true, status: 400 };

/** Variables and operation names are judged before anything is executed. The executor gives a status to some of them. */
function isRequestError({ path }: GraphQLError, code: unknown): boolean {
  return path === undefined && (code === 'BAD_USER_INPUT' || code === 'OPERATION_RESOLUTION_FAILURE');
}

/** What the executor says after 50 mistakes in variables, about no place at all. */
const TOO_MANY_MISTAKES = /^Too many errors processing variables\b/;

/**
 * graphql-js gives no code to what it finds wrong with variables and arguments; what it finds wrong with our answers is
 * about a field.
 */
function isAboutInput({ message, nodes = [] }: GraphQLError): boolean {
  if (nodes.length === 0) return TOO_MANY_MISTAKES.test(message);
  return nodes.every(({ kind }) => kind !== Kind.FIELD);
}
