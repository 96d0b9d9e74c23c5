/**
 * What went wrong with a call to the service or to its storage, in one vocabulary.
 *
 * - `bad-request` … `rate-limited`: the service answered, with that status (400, 401, 403, 404, 409, 411/413/415, 422, 429).
 * - `server-error`: it answered with a 5xx.
 * - `timeout`: no complete answer within the deadline. The call may have been carried out.
 * - `aborted`: our own caller left or the gateway is stopping. The call may have been carried out.
 * - `unreachable`: no connection could be made (refused, name not found, TLS). The call did not arrive.
 * - `connection-lost`: the connection broke after the call was sent. The call may have been carried out.
 * - `over-budget`: not sent, as too many others wait for their share of the calls that the service allows the key.
 * - `circuit-open`: not sent, as the service or the storage has failed too often in a row just now.
 * - `contract`: an answer that `mocks/openapi.yaml` does not allow: wrong content type, unparsable or
 *   misshapen body, unexpected status, an upload URL outside the allow-list. The call was carried out.
 */
export type UpstreamErrorKind =
  | 'bad-request'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'unprocessable'
  | 'rate-limited'
  | 'server-error'
  | 'timeout'
  | 'aborted'
  | 'unreachable'
  | 'connection-lost'
  | 'over-budget'
  | 'circuit-open'
  | 'contract';

export interface UpstreamErrorFacts {
  readonly kind: UpstreamErrorKind;
  /** `operationId` of the contract, or the name of the storage's own operation (`putBlob`, `getBlob` …). */
  readonly operation: string;
  /** HTTP status, when there was an answer. */
  readonly status?: number | undefined;
  /**
   * The service's own words (`detail`, `message` or the storage's error code). For decisions and debug logs, never for
   * callers.
   */
  readonly detail?: string | undefined;
  /** Seconds to wait, at least 1. Of an answer: see `readRetryAfter`. */
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** The one error that `src/upstream` throws. Its message names operation, kind and status and carries nothing else. */
export class UpstreamError extends Error implements UpstreamErrorFacts {
  override readonly name = 'UpstreamError';
  readonly kind: UpstreamErrorKind;
  readonly operation: string;
  readonly status: number | undefined;
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(facts: UpstreamErrorFacts) {
    const status = facts.status === undefined ? '' : ` (HTTP ${facts.status})`;
    super(`${facts.operation}: ${facts.kind}${status}`, { cause: facts.cause });
    this.kind = facts.kind;
    this.operation = facts.operation;
    this.status = facts.status;
    this.detail = facts.detail;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

/** The kind that an HTTP status of 400 or more stands for. */
export function kindOfStatus(status: number): UpstreamErrorKind {
  if (status >= 500) return 'server-error';
  return KIND_OF_STATUS[status] ?? 'bad-request';
}

const KIND_OF_STATUS: Readonly<Record<number, UpstreamErrorKind>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  422: 'unprocessable',
  429: 'rate-limited',
};

/** Whether a call that failed so may have been carried out all the same; the compiler asks for each kind. */
const MAY_HAVE_ARRIVED: Readonly<Record<UpstreamErrorKind, boolean>> = {
  'bad-request': false,
  unauthorized: false,
  forbidden: false,
  'not-found': false,
  unprocessable: false,
  'rate-limited': false,
  'server-error': true,
  timeout: true,
  aborted: true,
  unreachable: false,
  'connection-lost': true,
  'over-budget': false,
  'circuit-open': false,
  contract: true,
};

export function mayHaveArrived({ kind }: UpstreamError): boolean {
  return MAY_HAVE_ARRIVED[kind];
}
