import type { Messages } from '../language/messages.ts';
import type { Fault } from './control.ts';

type FaultName = keyof Messages['faultNames'];

/** The faults that the page offers, with the name that its language tables have. */
export const FAULTS: readonly (readonly [FaultName, Fault])[] = [
  ['rate-limit', { kind: 'rate-limit', retryAfterSeconds: 1, count: 2 }],
  ['unavailable', { kind: 'status', status: 503, envelope: 'gateway', count: 2 }],
  ['latency', { kind: 'latency', ms: 2_000 }],
  ['reset', { kind: 'reset', when: 'after', operation: 'createSignatureRequest', count: 1 }],
  ['malformed', { kind: 'malformed-body', operation: 'createSignatureRequest', count: 1 }],
  ['html', { kind: 'wrong-content-type', operation: 'createDossier', count: 1 }],
  ['never-validated', { kind: 'validation-never-finishes' }],
  ['copy-fails', { kind: 'copy-fails', count: 1 }],
  ['never-ready', { kind: 'never-waits-for-signature' }],
  ['back-office-outage', { kind: 'back-office-outage' }],
  ['tokenizer-limit', { kind: 'tokenizer-limit' }],
  ['queue-outage', { kind: 'queue-outage', count: 1 }],
  ['notification-lost', { kind: 'notification-not-recorded', count: 1 }],
];

/** The name of an active fault; undefined for one that another client has added. */
export const nameOfFault = (fault: Fault): FaultName | undefined =>
  FAULTS.find(
    ([, { kind, operation }]) => kind === fault.kind && (operation ?? '*') === (fault.operation ?? '*'),
  )?.[0];
