import { GraphQLError } from 'graphql';
import { createGraphQLError } from 'graphql-yoga';
import type { Logger } from 'pino';
import { UpstreamFault } from '../resolvers/errors.ts';
import { InvalidPageError } from '../resolvers/pagination.ts';

/** Anything with the outline of a fiscal code, in either case. */
const FISCAL_CODE = /\b[A-Z]{6}[\dLMNP-V]{2}[A-Z][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]\b/gi;

const scrub = (text: string): string => text.replace(FISCAL_CODE, '[fiscal code]');

/**
 * What callers see of top-level errors: faults of the service with their documented code, refusals of the request as
 * they are but for fiscal codes, and nothing of anything else. Unexpected errors are logged by name and message alone.
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
      const cause = original.cause instanceof Error ? original.cause.message : undefined;
      logger.warn({ code, cause }, 'upstream fault');
      const extensions = { code, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
      return createGraphQLError(original.message, { ...where, extensions });
    }
    if (original instanceof InvalidPageError)
      return createGraphQLError(original.message, { ...where, extensions: { code: 'BAD_USER_INPUT' } });
    if (
      error instanceof GraphQLError &&
      (original === undefined || original === null || original instanceof GraphQLError)
    ) {
      const { extensions } = original instanceof GraphQLError ? original : error;
      return createGraphQLError(scrub(error.message), { ...where, extensions });
    }
    const name = original instanceof Error ? original.name : typeof original;
    logger.error(
      { name, message: original instanceof Error ? scrub(original.message) : undefined },
      'unexpected error',
    );
    return createGraphQLError(message, { ...where, extensions: { code: 'INTERNAL_SERVER_ERROR' } });
  };
}
