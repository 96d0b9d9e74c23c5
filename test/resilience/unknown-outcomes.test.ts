import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Fault } from '../../mocks/sandbox/faults/fault.ts';
import { callerAt } from '../support/caller.ts';
import { documentIdOf, DOCUMENTS, outcomeOf, SIGNER, startKeyed } from '../support/keyed.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { startFailingGateway } from '../support/service-proxy.ts';

const KEY = { idempotencyKey: '5e8b7f9c-7f3a-4b8e-9d51-4c3f2a1b0e9d' };
const operation = 'createSignatureRequest';
const LOST: Fault = { kind: 'reset', when: 'after', operation, count: 1 };
/** Long enough that a test fails if a call waits for it. */
const SLOW_SETTLE = { idempotency: { settle: 10_000 } };

test.each<[string, Fault]>([
  ['the connection broke before the answer', LOST],
  ['half of the answer arrived', { ...LOST, when: 'middle' }],
  ['the answer did not end in time', { kind: 'slow-body', ms: 60_000, operation, count: 1 }],
])('%s: the retry finds the created request', async (_, fault) => {
  const world = await startKeyed({ ...SLOW_SETTLE, upstreamTimeoutMs: 2_000 });
  const dossierId = await world.dossier();
  world.sandbox.faults.add(fault);
  expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({
    id: undefined,
    code: 'OUTCOME_UNKNOWN',
    message: expect.stringContaining('Retry with the same idempotencyKey'),
  });
  const [lost] = await world.requestsOf(dossierId);
  expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({
    id: lost,
    made: { status: 'DRAFT' },
  });
  // The outcome is now recorded, and the next retry does not search again.
  const reads = world.calls('getRequestsByDossier');
  expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({ id: lost });
  expect(world.calls('getRequestsByDossier')).toBe(reads);
  expect(world.outcomes).toEqual(['first', 'resumed', 'replayed']);
  expect(world.calls(operation)).toBe(1);
});

test.each<[string, Fault]>([
  ['never arrived', { ...LOST, when: 'before' }],
  ['was aborted before it was performed', { kind: 'latency', ms: 60_000, operation, count: 1 }],
])('a call that %s is sent again after the settle time', async (_, fault) => {
  const world = await startKeyed({ upstreamTimeoutMs: 2_000, idempotency: { settle: 1_000 } });
  const dossierId = await world.dossier();
  world.sandbox.faults.add(fault);
  expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  const failedAt = performance.now();
  const { id } = await world.createRequest({ ...KEY, dossierId });
  expect(performance.now() - failedAt).toBeGreaterThan(800);
  expect(await world.requestsOf(dossierId)).toEqual([id]);
  expect(world.calls('getRequestsByDossier')).toBe(1 + 2 + 1); // before the first call, twice for the retry, and once by the line above
});

test('a call that the service performs after the first search of the retry is found by its second search', async () => {
  const world = await startFailingGateway({ upstreamTimeoutMs: 2_000, idempotency: { settle: 1_500 } });
  const caller = callerAt(world.url);
  const { id: dossierId } = await outcomeOf(caller, 'createDossier', {
    title: 'Contratti',
    documents: DOCUMENTS,
  });
  const input = { ...KEY, dossierId, signerId: SIGNER };
  world.fail(operation, async ({ path, headers, body }) => {
    await pause(2_500);
    const { origin } = new URL(world.sandbox.url);
    await fetch(origin + path, {
      method: 'POST',
      headers: { 'ocp-apim-subscription-key': 'any', 'content-type': String(headers['content-type']) },
      body: new Uint8Array(body),
    });
  });
  expect(await outcomeOf(caller, operation, input)).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  const { id } = await outcomeOf(caller, operation, input);
  const late = world.sandbox.journal.entries({ operationId: operation });
  expect(late).toMatchObject([{ responseBody: { json: { id } } }]);
  expect(world.count('getRequestsByDossier')).toBe(1 + 2);
});

test('a settle time beyond the deadline of the retry ends in OutcomeUnknownError', async () => {
  const world = await startKeyed({ idempotency: { settle: 60_000, wait: 1_000 } });
  const dossierId = await world.dossier();
  world.sandbox.faults.add({ ...LOST, when: 'before' });
  for (let nth = 0; nth < 3; nth += 1)
    expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  expect(await world.requestsOf(dossierId)).toEqual([]);
  expect(world.calls(operation)).toBe(1);
});

test.each<[string, Fault, string]>([
  ['fails', { kind: 'status', status: 500, operation, count: 1 }, 'UPSTREAM_UNAVAILABLE'],
  [
    'answers with a body that is not JSON',
    { kind: 'malformed-body', operation, count: 1 },
    'UPSTREAM_CONTRACT',
  ],
])('a service that %s has finished the call: the retry searches without a pause', async (_, fault, code) => {
  const world = await startKeyed({ idempotency: { settle: 10_000 } });
  const dossierId = await world.dossier();
  world.sandbox.faults.add(fault);
  expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({ id: undefined, code });
  const { id } = await world.createRequest({ ...KEY, dossierId });
  expect(world.calls('getRequestsByDossier')).toBe(1 + 1);
  expect(await world.requestsOf(dossierId)).toEqual([id]);
  expect(world.calls(operation)).toBe(fault.kind === 'status' ? 2 : 1);
});

test('a failed read during the search changes nothing', async () => {
  const world = await startKeyed(SLOW_SETTLE);
  const dossierId = await world.dossier();
  world.sandbox.faults.add(LOST);
  await world.createRequest({ ...KEY, dossierId });
  world.sandbox.faults.add({ kind: 'status', status: 401, operation: 'getRequestsByDossier', count: 1 });
  expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({ code: 'UPSTREAM_REFUSED' });
  const { id } = await world.createRequest({ ...KEY, dossierId });
  expect(await world.requestsOf(dossierId)).toEqual([id]);
});

test('another input for the key is still a conflict while the outcome is unknown', async () => {
  const world = await startKeyed();
  const dossierId = await world.dossier();
  world.sandbox.faults.add(LOST);
  await world.createRequest({ ...KEY, dossierId });
  const other = { ...KEY, dossierId, expiresAt: '2099-01-01T00:00:00Z' };
  expect(await world.createRequest(other)).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
});

test('fifty retries of an unresolved call create nothing twice', async () => {
  const world = await startKeyed();
  const dossierId = await world.dossier();
  world.sandbox.faults.add(LOST);
  await world.createRequest({ ...KEY, dossierId });
  const made = await Promise.all(
    Array.from({ length: 50 }, () => world.createRequest({ ...KEY, dossierId })),
  );
  expect(new Set(made.map(({ id }) => id))).toEqual(new Set(await world.requestsOf(dossierId)));
  expect(world.calls(operation)).toBe(1);
});

test('a request of another signer, expiry, documents or key, or without a key, is not taken for the created one', async () => {
  const world = await startKeyed();
  const dossierId = await world.dossier();
  world.sandbox.faults.add({ ...LOST, when: 'before' });
  await world.createRequest({ ...KEY, dossierId });
  const [contract] = DOCUMENTS;
  const [field] = contract?.fields ?? [];
  for (const other of [
    { signerId: SIGNER.replace('0', '1') },
    { expiresAt: '2099-01-01T00:00:00Z' },
    { documents: [{ ...contract, title: 'Contratto bis' }] },
    { documents: [...DOCUMENTS, ...DOCUMENTS] },
    { documents: [{ ...contract, fields: [] }] },
    { documents: [{ ...contract, fields: [field] }] },
    {},
    { idempotencyKey: 'another key' },
  ])
    await world.createRequest({ dossierId, ...other });
  const before = await world.requestsOf(dossierId);
  const { id } = await world.createRequest({ ...KEY, dossierId });
  expect(await world.requestsOf(dossierId)).toEqual([...before, id]);
});

test('a request created with an explicit expiry and documents is found by the same input', async () => {
  const world = await startKeyed(SLOW_SETTLE);
  const dossierId = await world.dossier();
  world.sandbox.faults.add(LOST);
  const input = {
    ...KEY,
    dossierId,
    signerId: SIGNER.toUpperCase(),
    expiresAt: '2099-03-05T10:00:00.123Z',
    documents: [...DOCUMENTS, { title: 'Allegato' }],
  };
  expect(await world.createRequest(input)).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  const [lost] = await world.requestsOf(dossierId);
  expect(await world.createRequest(input)).toMatchObject({ id: lost });
});

test('a request that has changed its status since is still found', async () => {
  const world = await startKeyed(SLOW_SETTLE);
  const dossierId = await world.dossier();
  world.sandbox.faults.add(LOST);
  await world.createRequest({ ...KEY, dossierId });
  const [lost] = await world.requestsOf(dossierId);
  const { body } = await callerAt(world.url).ask(`{ signatureRequest(id: "${lost}") { documents { id } } }`);
  await world.upload(
    mutationOf('uploadDocument'),
    {
      input: {
        signatureRequestId: lost,
        documentId: documentIdOf(body['data']?.['signatureRequest']),
        file: null,
      },
    },
    new Uint8Array(await makePdf()),
  );
  expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({ id: lost });
});

test('several candidates end in OutcomeUnknownError, until all but one belong to another key', async () => {
  const world = await startKeyed(SLOW_SETTLE);
  const dossierId = await world.dossier();
  world.sandbox.faults.add({ ...LOST, count: 2 });
  for (const idempotencyKey of ['a', 'b']) await world.createRequest({ idempotencyKey, dossierId });
  for (const idempotencyKey of ['a', 'b'])
    expect(await world.createRequest({ idempotencyKey, dossierId })).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: expect.stringContaining('one of several signature requests of the dossier'),
    });
  expect(world.calls(operation)).toBe(2);
});

test('the search reads all pages of a dossier', async () => {
  const world = await startKeyed(SLOW_SETTLE);
  const dossierId = await world.dossier();
  await world.sandbox.seed({ requests: [{ dossier: dossierId, count: 250 }] });
  world.sandbox.faults.add(LOST);
  await world.createRequest({ ...KEY, dossierId });
  const lost = world.sandbox.journal.entries({ operationId: operation })[0]?.responseBody;
  const { id } = await world.createRequest({ ...KEY, dossierId });
  expect(lost).toMatchObject({ json: { id } });
  expect(world.calls('getRequestsByDossier')).toBe(3 + 3);
});

test('an unresolved createDossier is performed again, because the service has no list of dossiers', async () => {
  const world = await startKeyed(SLOW_SETTLE);
  world.sandbox.faults.add({ ...LOST, operation: 'createDossier' });
  expect(await world.createDossier(KEY)).toMatchObject({
    code: 'OUTCOME_UNKNOWN',
    message: expect.stringContaining('a duplicate dossier has no effect'),
  });
  const { id } = await world.createDossier(KEY);
  expect(await world.createDossier(KEY)).toMatchObject({ id });
  expect(world.calls('createDossier')).toBe(2);
});

test.each([-1, 1])('a clock that is set by %i h before the retry changes nothing', async (hours) => {
  const world = await startKeyed(SLOW_SETTLE);
  const dossierId = await world.dossier();
  world.sandbox.faults.add(LOST);
  await world.createRequest({ ...KEY, dossierId });
  const [lost] = await world.requestsOf(dossierId);
  const real = Date.now;
  try {
    Date.now = () => real() + hours * 3_600_000;
    expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({ id: lost });
  } finally {
    Date.now = real;
  }
});

test('a clock that was an hour ahead and is corrected before the retry changes nothing', async () => {
  const world = await startKeyed(SLOW_SETTLE);
  const dossierId = await world.dossier();
  world.sandbox.clock.freeze();
  world.sandbox.faults.add(LOST);
  const real = Date.now;
  try {
    Date.now = () => real() + 3_600_000;
    await world.createRequest({ ...KEY, dossierId });
  } finally {
    Date.now = real;
  }
  const [lost] = await world.requestsOf(dossierId);
  expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({ id: lost });
});

test.each<[string, object, Fault | undefined]>([
  ['a key whose call was cut off', KEY, LOST],
  ['another key', { idempotencyKey: 'another' }, undefined],
  ['no key', {}, undefined],
])(
  'after a restart without stored keys, a draft created with %s is not returned, and no other is created',
  async (_, key, fault) => {
    const before = await startKeyed();
    const dossierId = await before.dossier();
    if (fault !== undefined) before.sandbox.faults.add(fault);
    await before.createRequest({ ...key, dossierId });
    const [draft] = await before.requestsOf(dossierId);

    const after = await startKeyed({}, before.sandbox);
    for (let nth = 0; nth < 2; nth += 1)
      expect(await after.createRequest({ ...KEY, dossierId })).toMatchObject({
        id: undefined,
        code: 'OUTCOME_UNKNOWN',
        message: expect.stringContaining('retry without an idempotencyKey to create another'),
      });
    expect(await after.requestsOf(dossierId)).toEqual([draft]);
    const { id } = await after.createRequest({ dossierId });
    expect(await after.requestsOf(dossierId)).toEqual([draft, id]);
  },
);

test('after a restart a request that cannot belong to the key does not prevent a new one', async () => {
  const before = await startKeyed();
  const dossierId = await before.dossier();
  const { sandbox } = before;
  const touched = await before.createRequest({ dossierId });
  await before.upload(
    mutationOf('uploadDocument'),
    { input: { signatureRequestId: touched.id, documentId: documentIdOf(touched.made), file: null } },
    new Uint8Array(await makePdf()),
  );
  await before.createRequest({ dossierId, expiresAt: '2099-01-01T00:00:00Z' });
  await before.createRequest({ dossierId, signerId: SIGNER.replace('0', '1') });
  await before.createRequest({ dossierId, documents: [{ title: 'Allegato' }] });
  await sandbox.seed({ requests: [{ dossier: dossierId, status: 'WAIT_FOR_SIGNATURE' }] });

  const after = await startKeyed({}, sandbox);
  const old = await after.requestsOf(dossierId);
  const { id } = await after.createRequest({ ...KEY, dossierId });
  expect(await after.requestsOf(dossierId)).toEqual([...old, id]);
});

test('after a restart nothing is created while the dossier cannot be searched', async () => {
  const before = await startKeyed();
  const dossierId = await before.dossier();
  const after = await startKeyed({}, before.sandbox);
  before.sandbox.faults.add({ kind: 'status', status: 401, operation: 'getRequestsByDossier', count: 1 });
  expect(await after.createRequest({ ...KEY, dossierId })).toMatchObject({ code: 'UPSTREAM_REFUSED' });
  expect(after.calls(operation)).toBe(0);
  const { id } = await after.createRequest({ ...KEY, dossierId });
  expect(await after.requestsOf(dossierId)).toEqual([id]);
});

test('a request that a call without a key is about to return goes to one caller only', async () => {
  const world = await startKeyed(SLOW_SETTLE);
  const dossierId = await world.dossier();
  world.sandbox.faults.add({ ...LOST, when: 'before' });
  await world.createRequest({ ...KEY, dossierId });
  world.sandbox.faults.add({ kind: 'slow-body', ms: 1_000, operation, count: 1 });
  const without = world.createRequest({ dossierId });
  await expect.poll(() => world.requestsOf(dossierId)).toHaveLength(1);
  const [found] = await world.requestsOf(dossierId);
  expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({ id: found });
  const { id } = await without;
  expect(await world.requestsOf(dossierId)).toEqual([found, id]);
});

test('after a restart each dossier is searched once', async () => {
  const before = await startKeyed();
  const dossierId = await before.dossier();
  const after = await startKeyed({}, before.sandbox);
  const keys = Array.from({ length: 20 }, (_, nth) => `key ${nth}`);
  await Promise.all(keys.map((idempotencyKey) => after.createRequest({ idempotencyKey, dossierId })));
  expect(after.calls('getRequestsByDossier')).toBe(1);
  expect(await after.requestsOf(dossierId)).toHaveLength(20);
});

test('a gateway that has run for IDEMPOTENCY_HOURS no longer searches', async () => {
  const before = await startKeyed();
  const dossierId = await before.dossier();
  await before.createRequest({ dossierId });
  const after = await startKeyed({ idempotency: { ttl: 100 } }, before.sandbox);
  await pause(150);
  await after.createRequest({ ...KEY, dossierId });
  expect(after.calls('getRequestsByDossier')).toBe(0);
  expect(await after.requestsOf(dossierId)).toHaveLength(2);
});
