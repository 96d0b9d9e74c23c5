import type { Deadline } from './deadline.ts';
import { UpstreamError } from '../failure/upstream-error.ts';
import type { UpstreamErrorKind } from '../failure/upstream-error.ts';

/** An attempt at a call of the service or of the storage. */
export interface Attempt {
  readonly operation: string;
  /** Whose end is the attempt's. */
  readonly deadline: Deadline | undefined;
}

/** What an attempt says about the origin that it was made at. */
export type Health = 'works' | 'fails' | 'unknown';

const HEALTH: Readonly<Record<UpstreamErrorKind, Health>> = {
  unreachable: 'fails',
  'connection-lost': 'fails',
  timeout: 'fails',
  'server-error': 'fails',
  // It has understood the call, and refuses it.
  'bad-request': 'works',
  forbidden: 'works',
  'not-found': 'works',
  unprocessable: 'works',
  'rate-limited': 'works',
  // A wrong key, or an outage of the back office behind the service, which is answered alike.
  unauthorized: 'unknown',
  // The caller left, somebody else answered, or nothing was sent.
  aborted: 'unknown',
  contract: 'unknown',
  'over-budget': 'unknown',
  'circuit-open': 'unknown',
};

/**
 * Operations that answer some inputs with a 500: a PDF that cannot be read, a page token that is none, a signer that does
 * not exist. Or a caller could have the service left alone for everybody.
 */
const PROVOKED: readonly string[] = ['validateDocument', 'getRequestsByDossier', 'sendNotification'];

export function healthAfter({ operation, deadline }: Attempt, failure: unknown): Health {
  if (!(failure instanceof UpstreamError)) return 'unknown';
  const { kind, status } = failure;
  if (status === 500 && PROVOKED.includes(operation)) return 'works';
  // The time of the whole operation was up: this attempt may have had little of it.
  if (kind === 'timeout' && deadline?.signal.aborted === true && !deadline.hasExpired) return 'unknown';
  return HEALTH[kind];
}
