import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { draftOf, uploadsBody } from '../support/draft.ts';
import type { StubHandler } from '../support/http-stub.ts';
import { PoliteClient } from '../support/multipart.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { API_KEY, startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A world with one request. */
async function worldWith(status: 'READY' | 'WAIT_FOR_SIGNATURE', operationTimeoutMs: number) {
  const world = await startFailingGateway({ operationTimeoutMs });
  const [request] = (await world.sandbox.seed({ requests: [{ status }] })).requests;
  if (request === undefined) throw new TypeError('a request was seeded');
  return { ...world, request };
}

/** Performs the call and never answers. */
const unanswered =
  (origin: string): StubHandler =>
  async ({ method, path }) => {
    await fetch(`${origin}${path}`, { method, headers: { 'ocp-apim-subscription-key': API_KEY } });
  };

test('at its deadline an operation returns what it has, however many upstream calls it makes', async () => {
  const world = await startGateway({ operationTimeoutMs: 1_500 });
  const [request] = (await world.sandbox.seed({ requests: [{}] })).requests;
  world.sandbox.faults.add({ kind: 'latency', ms: 1_000, operation: 'getDossier' });
  world.sandbox.faults.add({ kind: 'latency', ms: 1_000, operation: 'getRequestsByDossier' });
  const answer = await world.run(
    `{ dossier(id: "${request?.dossierId}") { id signatureRequests { nodes { id } } } }`,
  );
  expect(answer.data).toEqual({ dossier: { id: request?.dossierId, signatureRequests: null } });
  expect(answer.errors).toMatchObject([{ extensions: { code: 'UPSTREAM_TIMEOUT' } }]);
});

test('a notification without an answer before the deadline is still read back', async () => {
  const world = await worldWith('WAIT_FOR_SIGNATURE', 3_000);
  world.fail('sendNotification', unanswered(world.sandbox.origin));
  const input = { signatureRequestId: world.request.id };
  const { data } = await world.run(mutationOf('notifySigner'), { input });
  expect(data['notifySigner']).toEqual({ __typename: 'NotifySignerPayload' });
  expect(world.count('sendNotification')).toBe(1);
});

test('a wait ends before the deadline of the operation, with the current state', async () => {
  const world = await worldWith('READY', 4_000);
  world.sandbox.faults.add({ kind: 'never-waits-for-signature' });
  world.sandbox.clock.freeze();
  const input = { signatureRequestId: world.request.id, waitSeconds: 55 };
  const { data } = await world.run(mutationOf('markReady'), { input });
  expect(data['markReady']).toEqual({ __typename: 'MarkReadyPayload' });
});

test('the deadline of an upload starts with its last byte', async () => {
  const operationTimeoutMs = 1_500;
  const world = await startGateway({ operationTimeoutMs });
  const [target] = await draftOf(world);
  const body = uploadsBody([target], { a: await makePdf() });
  using client = new PoliteClient(Number(new URL(world.url).port));
  const half = body.length / 2;
  await client.begin(body, half);
  await pause(operationTimeoutMs + 500);
  await client.write(body.subarray(half));
  expect((await client.answer()).body).toMatchObject({
    data: { a: { __typename: 'UploadDocumentPayload' } },
  });
});

test('after its last byte an upload has the deadline of any other operation', async () => {
  const world = await startFailingGateway({ operationTimeoutMs: 1_500 });
  const [target] = await draftOf(world);
  world.fail('getDocumentUploadUrl', () => {});
  const form = await world.upload(
    mutationOf('uploadDocument'),
    { input: { ...target, file: null } },
    new Uint8Array(await makePdf()),
  );
  expect(form.errors).toMatchObject([{ extensions: { code: 'UPSTREAM_TIMEOUT' } }]);
});

test('the timer of an operation ends with it', async () => {
  const operationTimeoutMs = 87_654;
  const world = await startGateway({ operationTimeoutMs });
  const started = vi.spyOn(globalThis, 'setTimeout');
  const ended = vi.spyOn(globalThis, 'clearTimeout');
  await world.run('{ dossier(id: "none") { id } }');
  const clocks = started.mock.results.filter((_, nth) => started.mock.calls[nth]?.[1] === operationTimeoutMs);
  expect(clocks).toHaveLength(1);
  expect(ended.mock.calls.flat()).toContain(clocks[0]?.value);
});
