import { GraphQLError, Kind } from 'graphql';
import type { Logger } from 'pino';
import { RefusalError } from '../http/error-response.ts';
import { RedisError } from '../redis/redis-errors.ts';
import { NotFoundError } from '../resolvers/errors/domain-errors.ts';
import { StreamError, UpstreamFault } from '../resolvers/errors/faults.ts';
import { InvalidPageError } from '../resolvers/pagination.ts';
import { UpstreamError } from '../upstream/failure/upstream-error.ts';
import { describeCause } from '../observability/logging/describe-error.ts';

type Extensions = Readonly<Record<string, unknown>>;

/**
 * The top-level error that callers get: a fault of the service with its documented code, a refusal unchanged, and for any
 * other error, which is logged, only a general message.
 */
export function createMaskError(logger: Logger): (error: GraphQLError) => GraphQLError {
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
