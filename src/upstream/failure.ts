import { ProxyError } from './connect-through.ts';
import { kindOfAbort } from './pipeline/deadline.ts';

/**
 * What a call does to the state of its origin, which decides when it may be retried.
 *
 * - `read`: nothing. Every GET of the service is one, and `getSignerByFiscalCode`, a POST that returns the same signer for
 *   the same code. `getDocumentUploadUrl` creates a URL; an unused URL expires without effect.
 * - `write`: a retry may have a second effect, because the service has no idempotency keys: a second dossier, a second
 *   message to a citizen. PUTs are writes too. `src/resolvers/shared/read-request.ts` resolves a write whose answer is lost.
 * - `stream`: a retry is impossible, because the bytes of the body are gone.
 * - `block`: a storage call that writes the same bytes to the same position. A block replaces the block with its id, and the
 *   service validates a blob again with the same outcome.
 */
export type Effect = 'read' | 'write' | 'stream' | 'block';

interface FailureFacts {
  /** Whether the origin may have performed the call. */
  readonly mayHaveArrived: boolean;
  /** The effects of the calls that are retried. */
  readonly retries: readonly Effect[];
  /** What the failure says about the origin. The circuit breaker counts consecutive `down`s. */
  readonly health: 'up' | 'down' | 'unknown';
  /** The code of a download that the failure prevents. */
  readonly download: DownloadFailure;
}

export type DownloadFailure = 'FILE_GONE' | 'STORAGE_TIMEOUT' | 'STORAGE_UNAVAILABLE' | 'STORAGE_REFUSED';

const REFUSED = { mayHaveArrived: false, retries: [], health: 'up', download: 'STORAGE_REFUSED' } as const;
const NOT_SENT = {
  mayHaveArrived: false,
  retries: [],
  health: 'unknown',
  download: 'STORAGE_UNAVAILABLE',
} as const;

/** Every way in which a call to the service or its storage fails. */
export const FAILURE_KINDS = {
  /** Every other 4xx: 400, 409, 411, 413, 415 … */
  'bad-request': REFUSED,
  /** 401: a wrong key, or an outage of the back office behind the service. A retry would not outlast such an outage. */
  unauthorized: { ...REFUSED, health: 'unknown' },
  /** 403 */
  forbidden: REFUSED,
  /** 404 */
  'not-found': { ...REFUSED, download: 'FILE_GONE' },
  /** 422 */
  unprocessable: REFUSED,
  /** 429: refused before the call was performed. */
  'rate-limited': {
    mayHaveArrived: false,
    retries: ['read', 'write', 'block'],
    health: 'up',
    download: 'STORAGE_UNAVAILABLE',
  },
  /** 5xx */
  'server-error': {
    mayHaveArrived: true,
    retries: ['read', 'block'],
    health: 'down',
    download: 'STORAGE_UNAVAILABLE',
  },
  /**
   * No complete answer within the deadline. The deadline of a call to the service covers all attempts, so no time is left
   * for a retry; an attempt at a storage call has its own.
   */
  timeout: { mayHaveArrived: true, retries: ['block'], health: 'down', download: 'STORAGE_TIMEOUT' },
  /** The client has disconnected, or the gateway shuts down. */
  aborted: { mayHaveArrived: true, retries: [], health: 'unknown', download: 'STORAGE_TIMEOUT' },
  /** No connection: refused, name not found, TLS. */
  unreachable: {
    mayHaveArrived: false,
    retries: ['read', 'write', 'block'],
    health: 'down',
    download: 'STORAGE_UNAVAILABLE',
  },
  /** The connection broke after the call was sent. */
  'connection-lost': {
    mayHaveArrived: true,
    retries: ['read', 'block'],
    health: 'down',
    download: 'STORAGE_UNAVAILABLE',
  },
  /** Not sent: too many calls wait for the rate limiter. */
  'over-budget': NOT_SENT,
  /** Not sent: the circuit breaker is open. */
  'circuit-open': NOT_SENT,
  /**
   * An answer that `mocks/openapi.yaml` does not allow: wrong content type, unparsable or misshapen body, unexpected status,
   * a URL outside the allow-list. A proxy may have sent it, so it says nothing about the origin.
   */
  contract: { mayHaveArrived: true, retries: [], health: 'unknown', download: 'STORAGE_REFUSED' },
} as const satisfies Record<string, FailureFacts>;

export type UpstreamErrorKind = keyof typeof FAILURE_KINDS;

export const factsOf = (kind: UpstreamErrorKind): FailureFacts => FAILURE_KINDS[kind];

export interface UpstreamErrorFacts {
  readonly kind: UpstreamErrorKind;
  /** `operationId` of the contract, or the name of a storage operation (`putBlob`, `getBlob` …). */
  readonly operation: string;
  /** HTTP status, if there was an answer. */
  readonly status?: number | undefined;
  /**
   * The text of the service (`detail`, `message` or the error code of the storage). For decisions and debug logs, never for
   * callers.
   */
  readonly detail?: string | undefined;
  /** Seconds to wait, at least 1. For an answer see `readRetryAfter`. */
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** The only error that `src/upstream` throws. Its message has the operation, the kind and the status and nothing else. */
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

/** Whether the origin may have performed a call that failed so. */
export function mayHaveArrived({ kind }: UpstreamError): boolean {
  return factsOf(kind).mayHaveArrived;
}

const KIND_OF_STATUS: Readonly<Record<number, UpstreamErrorKind>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  422: 'unprocessable',
  429: 'rate-limited',
};

/** The kind of an HTTP status of 400 or more. */
export function kindOfStatus(status: number): UpstreamErrorKind {
  if (status >= 500) return 'server-error';
  return KIND_OF_STATUS[status] ?? 'bad-request';
}

/** Node and undici codes of failures after which the call cannot have arrived. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPRIVATE', // of `publicLookup`
  'UND_ERR_CONNECT_TIMEOUT',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** The kind of a failure without an answer. The signal comes first, because an aborted call throws the reason of the abort. */
export function kindOfFailure(cause: unknown, signal: AbortSignal | undefined): UpstreamErrorKind {
  if (signal?.aborted === true) return kindOfAbort(signal.reason);
  if (!(cause instanceof Error)) return 'connection-lost';
  const code = 'code' in cause ? String(cause.code) : '';
  if (cause instanceof ProxyError || NOT_CONNECTED.has(code)) return 'unreachable';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'timeout';
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' || code === 'UND_ERR_HEADERS_OVERFLOW') return 'contract';
  // undici gives its parser errors a code for few breaches of HTTP only.
  if (cause.name === 'HTTPParserError') return 'contract';
  return 'connection-lost';
}
