import type { Effect } from '../call.ts';

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
