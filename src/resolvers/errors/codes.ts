/*
 * Every error code that a client can receive, with its outcome. `refused`: the caller can fix it. `failed`: the caller
 * cannot. `docs/reference/errors.md` documents each code; a test compares both lists.
 */

export type ErrorOutcome = 'refused' | 'failed';

/** Codes of the errors in the result of a mutation. A new code changes the public API. */
const RESULT_CODES = {
  INVALID_INPUT: 'refused',
  NOT_FOUND: 'refused',
  WRONG_STATUS: 'refused',
  DOCUMENTS_NOT_READY: 'refused',
  DOCUMENT_REJECTED: 'refused',
  SIGNER_UNAVAILABLE: 'refused',
  ALREADY_NOTIFIED: 'refused',
  FILE_TOO_LARGE: 'refused',
  NOT_A_PDF: 'refused',
  EMPTY_FILE: 'refused',
  UNREADABLE_PDF: 'refused',
  ANCHOR_NOT_FOUND: 'refused',
  FILE_ORDER: 'refused',
  UPLOAD_INTERRUPTED: 'refused',
  IDEMPOTENCY_CONFLICT: 'refused',
  OUTCOME_UNKNOWN: 'failed',
  REQUEST_SIGNATURE_INCOMPLETE: 'refused',
  SERVICE_FAULT: 'refused',
} as const satisfies Readonly<Record<string, ErrorOutcome>>;

/** Codes of top-level errors that no input can fix. */
const FAULT_CODES = {
  UPSTREAM_TIMEOUT: 'failed',
  UPSTREAM_UNAVAILABLE: 'failed',
  UPSTREAM_REFUSED: 'failed',
  UPSTREAM_CONTRACT: 'failed',
  RATE_LIMITED: 'failed',
  CALLER_UNAVAILABLE: 'failed',
  IDEMPOTENCY_UNAVAILABLE: 'failed',
} as const satisfies Readonly<Record<string, ErrorOutcome>>;

/** Codes of requests and subscriptions that are refused as a whole. */
const REQUEST_CODES = {
  ADDRESS_NOT_FOUND: 'refused',
  AUTHENTICATION_UNAVAILABLE: 'failed',
  BAD_REQUEST: 'refused',
  BAD_USER_INPUT: 'refused',
  DOCUMENT_ID_MISSING: 'refused',
  DOCUMENT_NOT_ALLOWED: 'refused',
  DOCUMENT_NOT_TRUSTED: 'refused',
  EVENT_STREAM_ONLY: 'refused',
  FISCAL_CODE_IN_URL: 'refused',
  FORBIDDEN: 'refused',
  FORBIDDEN_ORIGIN: 'refused',
  GRAPHQL_PARSE_FAILED: 'refused',
  GRAPHQL_VALIDATION_FAILED: 'refused',
  HEADERS_TOO_LARGE: 'refused',
  HOST_NOT_ALLOWED: 'refused',
  INTERNAL_SERVER_ERROR: 'failed',
  NOT_ACCEPTABLE: 'refused',
  OPERATION_RESOLUTION_FAILURE: 'refused',
  OPERATION_TOO_COSTLY: 'refused',
  OVERLOADED: 'refused',
  PERSISTED_QUERY_NOT_SUPPORTED: 'refused',
  REQUEST_ENTITY_TOO_LARGE: 'refused',
  REQUEST_TIMEOUT: 'refused',
  SHUTTING_DOWN: 'refused',
  STREAM_TOO_SLOW: 'refused',
  TOO_DEEPLY_NESTED: 'refused',
  TOO_MANY_REQUESTS: 'refused',
  TOO_MANY_STREAMS: 'refused',
  UNAUTHENTICATED: 'refused',
  UNSUPPORTED_MEDIA_TYPE: 'refused',
  URI_TOO_LONG: 'refused',
} as const satisfies Readonly<Record<string, ErrorOutcome>>;

export type ErrorCode = keyof typeof RESULT_CODES;
export type FaultCode = keyof typeof FAULT_CODES;

const OUTCOMES: Readonly<Record<string, ErrorOutcome>> = {
  ...RESULT_CODES,
  ...FAULT_CODES,
  ...REQUEST_CODES,
};

export const ERROR_CODES: readonly string[] = Object.keys(OUTCOMES);

/** Whether the caller cannot fix an error with this code. */
export const isFailure = (code: string): boolean => OUTCOMES[code] === 'failed';

/** The outcome of a request that is answered with errors of these codes. */
export function outcomeOf(codes: Iterable<string>): 'ok' | ErrorOutcome {
  const all = [...codes];
  if (all.length === 0) return 'ok';
  return all.some(isFailure) ? 'failed' : 'refused';
}
