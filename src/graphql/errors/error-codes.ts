import type { ExecutionResult } from 'graphql';

/** Codes of errors that the caller can do nothing about. Whatever has none is a fault of the gateway. */
const FAILURES: ReadonlySet<string> = new Set([
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_REFUSED',
  'UPSTREAM_CONTRACT',
  'RATE_LIMITED',
  'OUTCOME_UNKNOWN',
  'CALLER_UNAVAILABLE',
  'IDEMPOTENCY_UNAVAILABLE',
  'AUTHENTICATION_UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
]);

const NO_CODE = 'INTERNAL_SERVER_ERROR';

/** Whether nothing was wrong with what the caller asked for. */
export const isFailure = (code: string): boolean => FAILURES.has(code);

/** By the codes of all errors in an answer. */
export function outcomeOf(codes: Iterable<string>): 'ok' | 'refused' | 'failed' {
  const all = [...codes];
  if (all.length === 0) return 'ok';
  return all.some(isFailure) ? 'failed' : 'refused';
}

/** Of the errors at the top level of an answer. */
export function codesOf({ errors = [] }: ExecutionResult): string[] {
  return errors.map(({ extensions }) =>
    typeof extensions['code'] === 'string' ? extensions['code'] : NO_CODE,
  );
}
