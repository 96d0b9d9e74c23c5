import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Behaviour } from '../../mocks/sandbox/faults/fault.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { sendJson } from '../support/http-stub.ts';
import { API_KEY, startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

/* Failures inside the service, and mutations whose upstream answer was lost. */

const START = new Date('2126-03-05T09:14:07.412Z');
const KEY = { 'ocp-apim-subscription-key': API_KEY };
const FROZEN = { frozenAt: START };

type World = Awaited<ReturnType<typeof startGateway>>;
type Status = 'DRAFT' | 'READY' | 'WAIT_FOR_SIGNATURE';

async function worldWith(status: Status, options: Parameters<typeof startGateway>[1] = {}) {
  const world = await startGateway({}, options);
  const [request] = (await world.sandbox.seed({ requests: [{ status }] })).requests;
  if (request === undefined) throw new TypeError('a request was seeded');
  const { id: signatureRequestId, documentIds } = request;
  return {
    ...world,
    signatureRequestId,
    documentId: documentIds[0],
    /** Runs a mutation of this request: its result, or the codes of its errors. */
    async outcome(mutation: string, input: object = {}): Promise<unknown> {
      const answer = await world.run(mutationOf(mutation), { input: { signatureRequestId, ...input } });
      return answer.data[mutation] ?? answer.errors?.map(({ extensions }) => extensions['code']);
    },
    read: async () =>
      (
        await world.run(
          `{ signatureRequest(id: "${signatureRequestId}") {
            status qrCode { link } notification { ioMessageId } documents { status } } }`,
        )
      ).data['signatureRequest'],
  };
}

const callsOf = ({ sandbox }: Pick<World, 'sandbox'>, operationId: string) =>
  sandbox.journal.entries({ operationId }).map(({ status, ended }) => [status, ended]);

const UPLOAD = `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename
  ... on UploadDocumentPayload { document { status } } ... on Error { code } } }`;

const DOSSIER = '01GG4NFBCN4ZH8ETCCKX3766KX';
const LIST = `query ($id: ID!, $after: String) { dossier(id: $id) { signatureRequests(first: 25, after: $after) {
  nodes { id } pageInfo { hasNextPage endCursor } } } }`;
const Page = z.object({
  dossier: z.object({
    signatureRequests: z.object({
      nodes: z.array(z.unknown()),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
    }),
  }),
});

/** One entry for each behaviour: the compiler checks that none is missing. */
const BEHAVIOURS: Readonly<Record<Behaviour['kind'], () => Promise<void>>> = {
  async 'validation-never-finishes'() {
    const world = await worldWith('DRAFT');
    const { signatureRequestId, documentId, sandbox, outcome } = world;
    sandbox.faults.add({ kind: 'validation-never-finishes', count: 1 });
    const upload = async (waitSeconds: number) => {
      const input = { signatureRequestId, documentId, waitSeconds, file: null };
      return (await world.upload(UPLOAD, { input }, await makePdf())).data['uploadDocument'];
    };
    const payload = (status: string) => ({ __typename: 'UploadDocumentPayload', document: { status } });
    expect(await upload(1)).toEqual(payload('WAIT_FOR_UPLOAD'));
    expect(await outcome('markReady', { waitSeconds: 1 })).toMatchObject({
      __typename: 'DocumentsNotReadyError',
      documents: [{ status: 'WAIT_FOR_UPLOAD' }],
    });
    expect(callsOf(world, 'setSignatureRequestStatus')).toEqual([]);
    // The file is uploaded again.
    expect(await upload(10)).toEqual(payload('READY'));
    expect(await outcome('markReady')).toEqual({ __typename: 'MarkReadyPayload' });
  },

  async 'copy-fails'() {
    const world = await worldWith('DRAFT');
    const { signatureRequestId, documentId, sandbox } = world;
    sandbox.faults.add({ kind: 'copy-fails', count: 1 });
    const upload = async () => {
      const input = { signatureRequestId, documentId, file: null };
      return (await world.upload(UPLOAD, { input }, await makePdf())).data['uploadDocument'];
    };
    expect(await upload()).toEqual({ __typename: 'DocumentRejectedError', code: 'DOCUMENT_REJECTED' });
    expect(await upload()).toEqual({
      __typename: 'UploadDocumentPayload',
      document: { status: 'READY' },
    });
  },

  async 'never-waits-for-signature'() {
    const world = await worldWith('DRAFT');
    const { signatureRequestId, documentId, sandbox, outcome } = world;
    const input = { signatureRequestId, documentId, file: null };
    await world.upload(UPLOAD, { input }, await makePdf());
    sandbox.faults.add({ kind: 'never-waits-for-signature' });
    for (const waitSeconds of [1, 0]) {
      expect(await outcome('markReady', { waitSeconds })).toEqual({ __typename: 'MarkReadyPayload' });
    }
    expect(await world.read()).toMatchObject({ status: 'READY', qrCode: null });
    expect(await outcome('notifySigner', { waitSeconds: 1 })).toMatchObject({
      __typename: 'WrongStatusError',
      status: 'READY',
      allowed: ['WAIT_FOR_SIGNATURE'],
    });
    expect(await outcome('cancelSignatureRequest')).toMatchObject({
      __typename: 'WrongStatusError',
      status: 'READY',
    });
    expect(callsOf(world, 'sendNotification')).toEqual([]);
    // One call of setSignatureRequestReady, and one refused cancellation.
    expect(callsOf(world, 'setSignatureRequestStatus')).toEqual([
      [204, 'answered'],
      [400, 'answered'],
    ]);
  },

  async 'back-office-outage'() {
    const world = await worldWith('WAIT_FOR_SIGNATURE');
    const { documentId, sandbox, outcome, run } = world;
    sandbox.faults.add({ kind: 'back-office-outage' });
    const documents = [{ title: 'Contratto' }];
    const [dossier, request] = ['01GG4NFBCN4ZH8ETCCKX3766KX', world.signatureRequestId];
    const signerId = '0d7a4e0c-6b0a-4f7e-9c1e-0f3d5b7a9c11';
    const asked = [
      await outcome('createUploadUrl', { documentId }),
      await outcome('markReady'),
      await outcome('notifySigner'),
      await outcome('cancelSignatureRequest'),
      ...(await Promise.all(
        [
          run(mutationOf('createDossier'), { input: { title: 'Contratti', documents } }),
          run(mutationOf('createSignatureRequest'), { input: { dossierId: dossier, signerId } }),
          world.upload(mutationOf('validateDocument'), { input: { file: null } }, await makePdf()),
          run(`{ dossier(id: "${dossier}") { id } }`),
          run(`{ signatureRequest(id: "${request}") { id } }`),
        ].map(async (answer) => (await answer).errors?.map(({ extensions }) => extensions['code'])),
      )),
    ];
    expect(asked).toEqual(asked.map(() => ['UPSTREAM_REFUSED']));
    // Each call was sent once: a refused key is not retried.
    expect(sandbox.journal.entries({ status: 401 })).toHaveLength(asked.length);
    expect(sandbox.journal.entries()).toHaveLength(asked.length);

    const { data } = await run(mutationOf('findSigner'), { input: { fiscalCode: 'SPNDNL80R13C555X' } });
    expect(data['findSigner']).toEqual({ __typename: 'FindSignerPayload' });
    sandbox.faults.clear();
    expect(await outcome('notifySigner')).toEqual({ __typename: 'NotifySignerPayload' });
  },

  async 'tokenizer-limit'() {
    const world = await worldWith('WAIT_FOR_SIGNATURE');
    world.sandbox.faults.add({ kind: 'tokenizer-limit', count: 2 });
    // Nothing was performed, so the call is retried.
    expect(await world.outcome('notifySigner')).toEqual({ __typename: 'NotifySignerPayload' });
    expect(callsOf(world, 'sendNotification').map(([status]) => status)).toEqual([429, 429, 200]);
  },

  async 'queue-outage'() {
    const world = await worldWith('WAIT_FOR_SIGNATURE', FROZEN);
    const { signatureRequestId, sandbox, outcome, read } = world;
    sandbox.faults.add({ kind: 'queue-outage' });
    // The request is read back: the record of the issuer has the change.
    expect(await outcome('cancelSignatureRequest')).toEqual({ __typename: 'CancelSignatureRequestPayload' });
    expect(await read()).toMatchObject({ status: 'CANCELLED' });
    expect(sandbox.citizen.statusOf(signatureRequestId)).toBe('WAIT_FOR_SIGNATURE');
    expect(callsOf(world, 'setSignatureRequestStatus')).toEqual([[500, 'answered']]);
  },

  async 'notification-not-recorded'() {
    const world = await worldWith('WAIT_FOR_SIGNATURE');
    world.sandbox.faults.add({ kind: 'notification-not-recorded' });
    // The call is not retried: that would send a second message.
    expect(await world.outcome('notifySigner')).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect(await world.read()).toMatchObject({ notification: null });
    expect(callsOf(world, 'sendNotification')).toEqual([[500, 'answered']]);
  },

  async 'empty-last-page'() {
    const { run, sandbox } = await startGateway({}, FROZEN);
    await sandbox.seed({
      dossiers: [{ id: DOSSIER, title: 'Contratti', documents_metadata: [{ title: 'Contratto' }] }],
      requests: [{ dossier: DOSSIER, count: 30 }],
    });
    sandbox.faults.add({ kind: 'empty-last-page' });
    const sizes = [];
    let after: string | null = null;
    for (let page = 0; page < 5; page += 1) {
      const { data }: Awaited<ReturnType<typeof run>> = await run(LIST, { id: DOSSIER, after });
      const { nodes, pageInfo } = Page.parse(data).dossier.signatureRequests;
      sizes.push(nodes.length);
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(30);
    expect(sizes.length).toBeLessThan(5);
  },

  async 'cancel-loses-race'() {
    const world = await worldWith('WAIT_FOR_SIGNATURE', FROZEN);
    const { signatureRequestId, sandbox, outcome, read } = world;
    sandbox.faults.add({ kind: 'cancel-loses-race' });
    expect(await outcome('cancelSignatureRequest')).toEqual({
      __typename: 'CancelSignatureRequestPayload',
    });
    await sandbox.clock.advance(3_600_000);
    // The records of the issuer and of the citizen differ; the gateway can only return that of the issuer.
    expect(await read()).toMatchObject({ status: 'CANCELLED' });
    expect(sandbox.citizen.statusOf(signatureRequestId)).toBe('SIGNED');
    expect(await outcome('cancelSignatureRequest')).toMatchObject({
      __typename: 'WrongStatusError',
      status: 'CANCELLED',
    });
  },
};

test.each(Object.entries(BEHAVIOURS))('inside the service: %s', (_, provoke) => provoke());

test('markReady continues after a lost answer, by reading the request', async () => {
  const world = await worldWith('DRAFT');
  const { signatureRequestId, documentId, sandbox, outcome } = world;
  const input = { signatureRequestId, documentId, file: null };
  await world.upload(UPLOAD, { input }, await makePdf());
  sandbox.faults.add({ kind: 'reset', when: 'after', operation: 'setSignatureRequestStatus' });
  expect(await outcome('markReady')).toEqual({ __typename: 'MarkReadyPayload' });
  expect(await world.read()).toMatchObject({ status: 'WAIT_FOR_SIGNATURE' });
  expect(callsOf(world, 'setSignatureRequestStatus')).toEqual([[204, 'reset']]);
});

test('notifySigner returns the sent message after a lost answer, by reading the request', async () => {
  const world = await worldWith('WAIT_FOR_SIGNATURE');
  const { signatureRequestId, sandbox, run, read } = world;
  sandbox.faults.add({ kind: 'reset', when: 'after', operation: 'sendNotification' });
  const query = `mutation ($input: NotifySignerInput!) { notifySigner(input: $input) {
    ... on NotifySignerPayload { signatureRequest { notification { ioMessageId } } } } }`;
  const { data } = await run(query, { input: { signatureRequestId } });
  const notification = (await read())?.['notification'];
  expect(notification).toMatchObject({ ioMessageId: expect.stringMatching(/^\w{26}$/) });
  expect(data).toEqual({ notifySigner: { signatureRequest: { notification } } });
  expect(callsOf(world, 'sendNotification')).toEqual([[200, 'reset']]);
});

test('cancelSignatureRequest returns the cancelled request after a lost answer, by reading it', async () => {
  const { sandbox, outcome } = await worldWith('WAIT_FOR_SIGNATURE');
  sandbox.faults.add({ kind: 'reset', when: 'middle', operation: 'setSignatureRequestStatus', count: 1 });
  expect(await outcome('cancelSignatureRequest')).toEqual({
    __typename: 'CancelSignatureRequestPayload',
  });
});

test('after a lost answer the gateway waits for the change to appear in the request', async () => {
  const world = await worldWith('WAIT_FOR_SIGNATURE');
  const { sandbox, outcome } = world;
  sandbox.faults.add({ kind: 'reset', when: 'after', operation: 'sendNotification' });
  // The first reads fail, each three times.
  sandbox.faults.add({ kind: 'reset', when: 'before', operation: 'getSignatureRequest', nth: 2, count: 6 });
  expect(await outcome('notifySigner')).toEqual({ __typename: 'NotifySignerPayload' });
});

test('a signature that precedes a cancellation with a lost answer is reported', async () => {
  const world = await worldWith('WAIT_FOR_SIGNATURE', FROZEN);
  const { signatureRequestId, sandbox, outcome } = world;
  sandbox.faults.add({ kind: 'reset', when: 'before', operation: 'setSignatureRequestStatus', count: 1 });
  await sandbox.citizen.sign(signatureRequestId);
  await sandbox.clock.advance(3_600_000);
  expect(await outcome('cancelSignatureRequest')).toMatchObject({
    __typename: 'WrongStatusError',
    status: 'SIGNED',
  });
});

test.each([
  ['notifySigner', 'sendNotification'],
  ['cancelSignatureRequest', 'setSignatureRequestStatus'],
])('%s whose call was lost returns OutcomeUnknownError, and can be retried', async (mutation, operation) => {
  const world = await worldWith('WAIT_FOR_SIGNATURE');
  const { sandbox, outcome, read } = world;
  sandbox.faults.add({ kind: 'reset', when: 'before', operation, count: 1 });
  expect(await outcome(mutation)).toMatchObject({
    __typename: 'OutcomeUnknownError',
    code: 'OUTCOME_UNKNOWN',
  });
  expect(await read()).toMatchObject({ status: 'WAIT_FOR_SIGNATURE', notification: null });
  expect(await outcome(mutation)).toMatchObject({ __typename: expect.stringMatching(/Payload$/) });
});

test('a 500 of the service is the outcome, unless the request shows the change', async () => {
  const failing = await worldWith('WAIT_FOR_SIGNATURE');
  failing.sandbox.faults.add({ kind: 'status', status: 500, operation: 'sendNotification' });
  expect(await failing.outcome('notifySigner')).toEqual(['UPSTREAM_UNAVAILABLE']);
  expect(callsOf(failing, 'getSignatureRequest')).toHaveLength(2);

  // A proxy timed out, and the service performed the call.
  const proxied = await startFailingGateway();
  const [draft] = (await proxied.sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] })).requests;
  const input = { signatureRequestId: draft?.id };
  proxied.fail('sendNotification', async (call, res) => {
    await fetch(`${proxied.sandbox.origin}${call.path}`, { method: 'PUT', headers: KEY });
    sendJson(res, 504, {});
  });
  const { data } = await proxied.run(mutationOf('notifySigner'), { input });
  expect(data['notifySigner']).toEqual({ __typename: 'NotifySignerPayload' });
});

test('a successful cancellation is returned although the read after it fails', async () => {
  const world = await worldWith('WAIT_FOR_SIGNATURE');
  const { sandbox, outcome } = world;
  sandbox.faults.add({ kind: 'status', status: 500, operation: 'getSignatureRequest', count: 2 });
  expect(await outcome('cancelSignatureRequest')).toEqual({ __typename: 'CancelSignatureRequestPayload' });
  expect(callsOf(world, 'setSignatureRequestStatus')).toEqual([[204, 'answered']]);
});

test('a wait continues after failed reads of every kind', async () => {
  const world = await worldWith('READY', { timeScale: 0.1 });
  const operation = 'getSignatureRequest';
  const once = { operation, nth: 2 };
  // The first read succeeds. Each fault counts the reads to which no earlier fault applied.
  world.sandbox.faults.add({ kind: 'status', status: 500, ...once });
  world.sandbox.faults.add({ kind: 'status', status: 503, envelope: 'gateway', ...once });
  world.sandbox.faults.add({ kind: 'wrong-content-type', status: 502, ...once });
  world.sandbox.faults.add({ kind: 'reset', when: 'before', ...once });
  world.sandbox.faults.add({ kind: 'reset', when: 'after', ...once });
  world.sandbox.faults.add({ kind: 'reset', when: 'middle', ...once });
  world.sandbox.faults.add({ kind: 'status', status: 429, ...once });
  expect(await world.outcome('notifySigner', { waitSeconds: 20 })).toEqual({
    __typename: 'NotifySignerPayload',
  });
  expect(world.sandbox.faults.list()).toEqual([]);
});
