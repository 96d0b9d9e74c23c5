import type { GatewayEventMap } from '../events.ts';
import type { ErrorCode } from '../../resolvers/errors/domain-errors.ts';
import type { FaultCode } from '../../resolvers/errors/faults.ts';
import type { UploadErrorKind } from '../../uploads/upload-errors.ts';
import type { UpstreamErrorKind } from '../../upstream/failure/upstream-error.ts';

/*
 * Every value that a label may have. What is in none of these sets is told as `other`: Prometheus keeps a series for each
 * value that it ever sees, and what nobody has listed could be anything, also an id or a name.
 */

type Event<Name extends keyof GatewayEventMap> = Extract<GatewayEventMap[Name][0], object>;

/** The names of a type, each once: one that is missing, or too many, does not compile. */
const namesOf = <Name extends string>(names: Readonly<Record<Name, true>>): readonly string[] =>
  Object.keys(names);

export const OTHER = 'other';

export const OPERATION_TYPES = namesOf<Event<'operation'>['type']>({
  query: true,
  mutation: true,
  subscription: true,
  unknown: true,
});

export const OPERATION_OUTCOMES = namesOf<Event<'operation'>['outcome']>({
  ok: true,
  refused: true,
  failed: true,
  left: true,
});

const RESULT_CODES = namesOf<ErrorCode>({
  INVALID_INPUT: true,
  NOT_FOUND: true,
  WRONG_STATUS: true,
  DOCUMENTS_NOT_READY: true,
  DOCUMENT_REJECTED: true,
  SIGNER_UNAVAILABLE: true,
  ALREADY_NOTIFIED: true,
  FILE_TOO_LARGE: true,
  NOT_A_PDF: true,
  EMPTY_FILE: true,
  UNREADABLE_PDF: true,
  FILE_ORDER: true,
  UPLOAD_INTERRUPTED: true,
  IDEMPOTENCY_CONFLICT: true,
  OUTCOME_UNKNOWN: true,
  REQUEST_SIGNATURE_INCOMPLETE: true,
  SERVICE_FAULT: true,
});

const FAULT_CODES = namesOf<FaultCode>({
  UPSTREAM_TIMEOUT: true,
  UPSTREAM_UNAVAILABLE: true,
  UPSTREAM_REFUSED: true,
  UPSTREAM_CONTRACT: true,
  RATE_LIMITED: true,
  CALLER_UNAVAILABLE: true,
  IDEMPOTENCY_UNAVAILABLE: true,
});

/** Of requests that are refused as a whole. A test holds these against `docs/reference/errors.md`. */
const REQUEST_CODES = [
  'ADDRESS_NOT_FOUND',
  'AUTHENTICATION_UNAVAILABLE',
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'DOCUMENT_ID_MISSING',
  'DOCUMENT_NOT_ALLOWED',
  'DOCUMENT_NOT_TRUSTED',
  'EVENT_STREAM_ONLY',
  'FISCAL_CODE_IN_URL',
  'FORBIDDEN',
  'FORBIDDEN_ORIGIN',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'HEADERS_TOO_LARGE',
  'HOST_NOT_ALLOWED',
  'INTERNAL_SERVER_ERROR',
  'NOT_ACCEPTABLE',
  'OPERATION_RESOLUTION_FAILURE',
  'OPERATION_TOO_COSTLY',
  'OVERLOADED',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'REQUEST_ENTITY_TOO_LARGE',
  'REQUEST_TIMEOUT',
  'SHUTTING_DOWN',
  'STREAM_TOO_SLOW',
  'TOO_DEEPLY_NESTED',
  'TOO_MANY_REQUESTS',
  'TOO_MANY_STREAMS',
  'UNAUTHENTICATED',
  'UNSUPPORTED_MEDIA_TYPE',
  'URI_TOO_LONG',
];

export const ERROR_CODES: readonly string[] = [...RESULT_CODES, ...FAULT_CODES, ...REQUEST_CODES];

/** Of the contract and of the storage. A test holds the first against `mocks/openapi.yaml`. */
export const UPSTREAM_OPERATIONS = [
  'createDossier',
  'getDossier',
  'getRequestsByDossier',
  'getSignerByFiscalCode',
  'createSignatureRequest',
  'getSignatureRequest',
  'getDocumentUploadUrl',
  'setSignatureRequestStatus',
  'sendNotification',
  'validateDocument',
  'putBlob',
  'putBlock',
  'putBlockList',
  'getBlob',
  'getBlobProperties',
];

export const FAILURE_KINDS = namesOf<UpstreamErrorKind>({
  'bad-request': true,
  unauthorized: true,
  forbidden: true,
  'not-found': true,
  unprocessable: true,
  'rate-limited': true,
  'server-error': true,
  timeout: true,
  aborted: true,
  unreachable: true,
  'connection-lost': true,
  'over-budget': true,
  'circuit-open': true,
  contract: true,
});

export const CALL_OUTCOMES: readonly string[] = ['ok', ...FAILURE_KINDS];

export const UPLOAD_OUTCOMES = namesOf<UploadErrorKind | 'ok' | 'refused' | 'upstream' | 'aborted'>({
  ok: true,
  refused: true,
  upstream: true,
  aborted: true,
  'not-a-pdf': true,
  empty: true,
  'too-large': true,
  truncated: true,
  'client-gone': true,
  stalled: true,
  missing: true,
  unexpected: true,
  'out-of-order': true,
  'already-read': true,
});

export const TURNED_AWAY_REASONS = namesOf<Event<'turnedAway'>['reason']>({
  stopping: true,
  requests: true,
  'event-loop': true,
});

export const PRIORITIES = namesOf<Event<'budgetWait'>['priority']>({ interactive: true, poll: true });

export const BUDGET_OUTCOMES = namesOf<Event<'budgetWait'>['outcome']>({
  granted: true,
  refused: true,
  left: true,
});

export const ORIGINS = namesOf<Event<'breaker'>['origin']>({ service: true, storage: true });

export const BREAKER_STATES = namesOf<Event<'breaker'>['state']>({
  closed: true,
  open: true,
  'half-open': true,
});

export const IDEMPOTENCY_OUTCOMES = namesOf<Event<'idempotency'>['outcome']>({
  first: true,
  replayed: true,
  waited: true,
  conflict: true,
  resumed: true,
  busy: true,
  unavailable: true,
});

export const WEBHOOK_OUTCOMES = namesOf<Event<'webhook'>['outcome']>({
  delivered: true,
  failed: true,
  'given-up': true,
});

export const DEPENDENCIES = ['service', 'redis'];

/** What we answer, and what Yoga does. */
export const STATUSES = [
  200, 204, 302, 304, 400, 401, 403, 404, 405, 406, 408, 413, 414, 415, 421, 429, 500, 503,
].map(String);
