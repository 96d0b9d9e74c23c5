import type { GatewayEventMap } from '../events.ts';
import type { UploadErrorKind } from '../../uploads/file-upload.ts';
import { FAILURE_KINDS as KINDS } from '../../upstream/failure.ts';

/*
 * The values of each label. A value in none of these sets becomes `other`: Prometheus keeps a series for each value that it
 * ever sees, and an unlisted value could be an id or a name.
 */

type Event<Name extends keyof GatewayEventMap> = Extract<GatewayEventMap[Name][0], object>;

/** The members of a union type: a missing or an extra one does not compile. */
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

/** The operations of the contract and of the storage. A test compares the former with `mocks/openapi.yaml`. */
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

export const FAILURE_KINDS: readonly string[] = Object.keys(KINDS);

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

export const PRIORITIES = namesOf<Event<'rateLimiterWait'>['priority']>({ interactive: true, poll: true });

export const RATE_LIMITER_OUTCOMES = namesOf<Event<'rateLimiterWait'>['outcome']>({
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

/** The statuses of the gateway and of Yoga. */
export const STATUSES = [
  200, 204, 302, 304, 400, 401, 403, 404, 405, 406, 408, 413, 414, 415, 421, 429, 500, 503,
].map(String);

/** Restricts a label to these values; any other value becomes `other`. */
export function bounded(values: readonly string[]): (value: string | number) => string {
  const known = new Set(values);
  return (value) => (known.has(String(value)) ? String(value) : OTHER);
}
