import type { ExecutionResult } from 'graphql';

const NO_CODE = 'INTERNAL_SERVER_ERROR';

/** The codes of the errors at the top level of a result. */
export function codesOf({ errors = [] }: ExecutionResult): string[] {
  return errors.map(({ extensions }) =>
    typeof extensions['code'] === 'string' ? extensions['code'] : NO_CODE,
  );
}
