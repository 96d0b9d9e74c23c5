import { describe, expect, test } from 'vitest';
import { documentIdOf, DOCUMENTS, SIGNER, startKeyed } from '../support/keyed.ts';
import { makePdf } from '../support/pdf.ts';
import { mutationOf } from '../support/operations.ts';

const KEY = { idempotencyKey: '5e8b7f9c-7f3a-4b8e-9d51-4c3f2a1b0e9d' };

test('a request is DRAFT, with the documents of its dossier or its own, until its expiry', async () => {
  const world = await startKeyed();
  const dossierId = await world.dossier();
  const [now, day] = [Date.now(), 24 * 60 * 60 * 1_000];
  const { made } = await world.createRequest({ dossierId });
  expect(made).toMatchObject({
    status: 'DRAFT',
    documents: [{ title: 'Contratto', status: 'WAIT_FOR_UPLOAD' }],
  });
  expect(Math.round((Date.parse(String(made?.['expiresAt'])) - now) / day)).toBe(90);
  const expiresAt = '2099-03-05T10:00:00.000Z';
  const documents = DOCUMENTS.map((document) => ({ ...document, title: 'Allegato' }));
  const other = await world.createRequest({ dossierId, expiresAt, documents });
  expect(other.made).toMatchObject({ expiresAt, documents: [{ title: 'Allegato' }] });
});

describe('with an idempotencyKey', () => {
  test('a retry with the same key and input returns the request of the first call', async () => {
    const world = await startKeyed();
    const input = { ...KEY, dossierId: await world.dossier() };
    const request = await world.createRequest(input);
    expect(request.id).toMatch(/^\w{26}$/);
    expect(await world.createRequest(input)).toEqual(request);
    expect(world.calls('createSignatureRequest')).toBe(1);
    expect(world.outcomes).toEqual(['first', 'replayed']);
  });

  test('a retry returns the current state of the request', async () => {
    const world = await startKeyed();
    const input = { ...KEY, dossierId: await world.dossier() };
    const { id, made } = await world.createRequest(input);
    await world.upload(
      mutationOf('uploadDocument'),
      { input: { signatureRequestId: id, documentId: documentIdOf(made), file: null } },
      new Uint8Array(await makePdf()),
    );
    expect(await world.createRequest(input)).toMatchObject({
      id,
      made: { documents: [{ status: 'REJECTED' }] },
    });
  });

  test('an equivalent input is the same input, and any other is a conflict without an upstream call', async () => {
    const world = await startKeyed();
    const dossierId = await world.dossier();
    const expiresAt = '2099-03-05T10:00:00.000Z';
    const { id } = await world.createRequest({ ...KEY, dossierId, expiresAt, documents: DOCUMENTS });
    for (const same of [
      { expiresAt: '2099-03-05T11:00:00+01:00', documents: DOCUMENTS },
      { documents: DOCUMENTS.map(({ title, fields }) => ({ fields, title })), expiresAt },
    ])
      expect(await world.createRequest({ ...KEY, dossierId, ...same })).toMatchObject({ id });
    for (const other of [
      { documents: DOCUMENTS },
      { expiresAt },
      { expiresAt: '2099-03-05T10:00:00.001Z', documents: DOCUMENTS },
      { expiresAt, documents: [...DOCUMENTS, ...DOCUMENTS] },
      { expiresAt, documents: DOCUMENTS, signerId: SIGNER.replace('0', '1') },
      { expiresAt, documents: DOCUMENTS, dossierId: await world.dossier() },
    ])
      expect(await world.createRequest({ ...KEY, dossierId, ...other })).toMatchObject({
        id: undefined,
        code: 'IDEMPOTENCY_CONFLICT',
        message:
          'This idempotencyKey was used before with a different input. The mutation had no effect. Use a new key for a new operation.',
      });
    expect(world.calls('createSignatureRequest')).toBe(1);
  });

  test('each call without a key creates a request, and so does each new key', async () => {
    const world = await startKeyed();
    const dossierId = await world.dossier();
    const ids = [
      await world.createRequest({ dossierId }),
      await world.createRequest({ dossierId }),
      await world.createRequest({ dossierId, idempotencyKey: null }),
      await world.createRequest({ dossierId, idempotencyKey: 'a' }),
      await world.createRequest({ dossierId, idempotencyKey: 'A' }),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(5);
    expect((await world.requestsOf(dossierId)).toSorted()).toEqual(ids.toSorted());
  });

  test('fifty concurrent calls with one key create one request, and all return it', async () => {
    const world = await startKeyed();
    const dossierId = await world.dossier();
    world.sandbox.faults.add({ kind: 'latency', ms: 100, operation: 'createSignatureRequest' });
    const made = await Promise.all(
      Array.from({ length: 50 }, () => world.createRequest({ ...KEY, dossierId })),
    );
    expect(new Set(made.map(({ id }) => id))).toEqual(new Set(await world.requestsOf(dossierId)));
    expect(world.calls('createSignatureRequest')).toBe(1);
    expect(world.outcomes.filter((outcome) => outcome === 'first')).toHaveLength(1);
  });

  test('a retry that ends before the first call is OUTCOME_UNKNOWN, and a later retry returns the outcome', async () => {
    const world = await startKeyed({ idempotency: { wait: 50 } });
    const dossierId = await world.dossier();
    world.sandbox.faults.add({ kind: 'latency', ms: 1_000, operation: 'createSignatureRequest' });
    const first = world.createRequest({ ...KEY, dossierId });
    await expect.poll(() => world.outcomes).toEqual(['first']);
    expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message:
        'The first call with this idempotencyKey is still running. Retry with the same key to receive its outcome.',
    });
    const { id } = await first;
    expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({ id });
    expect(world.outcomes).toEqual(['first', 'busy', 'replayed']);
  });

  test('a failure without an effect releases the key, also for a different input', async () => {
    const world = await startKeyed();
    const dossierId = await world.dossier();
    const { faults } = world.sandbox;
    expect(await world.createRequest({ ...KEY, dossierId: '01KJYMD75M8Q4V6W9X0Y2Z7A1C' })).toMatchObject({
      code: 'NOT_FOUND',
    });
    const operation = 'createSignatureRequest';
    faults.add({ kind: 'rate-limit', operation, retryAfterSeconds: 60, count: 1 });
    expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({ code: 'RATE_LIMITED' });
    faults.add({ kind: 'status', status: 401, operation, count: 1 });
    expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({ code: 'UPSTREAM_REFUSED' });
    const { id } = await world.createRequest({ ...KEY, dossierId });
    expect(await world.requestsOf(dossierId)).toEqual([id]);
    expect(world.outcomes).toEqual(['first', 'first', 'first', 'first']);
  });

  test('a client that disconnects while the request is created receives it in a retry', async () => {
    const world = await startKeyed();
    const dossierId = await world.dossier();
    world.sandbox.faults.add({ kind: 'latency', ms: 500, operation: 'createSignatureRequest' });
    const client = new AbortController();
    const input = { ...KEY, dossierId, signerId: SIGNER };
    const answer = fetch(world.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: mutationOf('createSignatureRequest'), variables: { input } }),
      signal: client.signal,
    });
    await expect.poll(() => world.outcomes).toEqual(['first']);
    client.abort();
    await expect(answer).rejects.toThrow();
    const { id } = await world.createRequest(input);
    expect(await world.requestsOf(dossierId)).toEqual([id]);
    expect(world.sandbox.journal.entries({ operationId: 'createSignatureRequest' })).toMatchObject([
      { ended: 'answered' },
    ]);
  });

  test('a gateway that shuts down waits for a call with a key, even if its client has disconnected', async () => {
    const world = await startKeyed();
    const dossierId = await world.dossier();
    world.sandbox.faults.add({ kind: 'latency', ms: 300, operation: 'createSignatureRequest' });
    const client = new AbortController();
    const answer = fetch(world.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: mutationOf('createSignatureRequest'),
        variables: { input: { ...KEY, dossierId, signerId: SIGNER } },
      }),
      signal: client.signal,
    });
    await expect.poll(() => world.outcomes).toEqual(['first']);
    client.abort();
    await expect(answer).rejects.toThrow();
    await world.close();
    expect(world.sandbox.journal.entries({ operationId: 'createSignatureRequest' })).toMatchObject([
      { ended: 'answered', status: 201 },
    ]);
  });

  test('a request that was created with a key and no longer exists is not created again', async () => {
    const world = await startKeyed();
    const dossierId = await world.dossier();
    await world.createRequest({ ...KEY, dossierId });
    await world.sandbox.reset();
    expect(await world.createRequest({ ...KEY, dossierId })).toMatchObject({
      code: 'NOT_FOUND',
      message: 'No signature request has this id.',
    });
  });
});
