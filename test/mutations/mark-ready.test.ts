import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { draftOf } from '../support/draft.ts';
import { sendJson } from '../support/http-stub.ts';
import type { StubHandler } from '../support/http-stub.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { expectNoSecrets, refuses, startFailingGateway } from '../support/service-proxy.ts';

type World = Awaited<ReturnType<typeof startFailingGateway>>;

const AT = '2026-03-05T09:14:07.412Z';
const LATER = '2126-03-05T09:14:07.412Z';
const documentIn = (status: string, change: object = {}) => ({
  id: `doc-${status}`,
  status,
  metadata: { title: `Documento ${status}`, signature_fields: [] },
  created_at: AT,
  updated_at: AT,
  ...change,
});
const READY = documentIn('READY');
const WAITING = documentIn('WAIT_FOR_UPLOAD');
const REJECTED = documentIn('REJECTED', { reject_reason: 'one reason\nanother' });

/** A request as the service shows it. */
const requestIn = (status: string, documents: readonly object[] = [READY], change: object = {}) => ({
  id: 'r1',
  dossier_id: 'd1',
  signer_id: 's1',
  status,
  created_at: AT,
  updated_at: AT,
  expires_at: LATER,
  documents,
  ...change,
});
const SENT = requestIn('WAIT_FOR_SIGNATURE', [READY], { qr_code_url: 'https://qr' });

/** Shows these one after another, and the last one from then on. */
function shows(...requests: readonly (object | StubHandler)[]): StubHandler {
  let nth = 0;
  return (call, res, req, count) => {
    const now = requests[Math.min(nth, requests.length - 1)];
    nth += 1;
    return typeof now === 'function' ? (now as StubHandler)(call, res, req, count) : sendJson(res, 200, now);
  };
}

const noContent: StubHandler = (_, res) => void res.writeHead(204).end();

async function outcome(world: World, mutation: string, input: object) {
  const startedAt = performance.now();
  const answer = await world.run(mutationOf(mutation), { input: { signatureRequestId: 'r1', ...input } });
  expectNoSecrets(JSON.stringify(answer));
  return { result: answer.data?.[mutation] ?? answer, seconds: (performance.now() - startedAt) / 1000 };
}

/** Seconds between the reads of the request. */
function pauses({ calls }: World): number[] {
  const reads = calls.filter(({ operation }) => operation === 'getSignatureRequest');
  return reads.slice(1).map(({ at }, index) => (at - (reads[index]?.at ?? 0)) / 1000);
}

const PAYLOAD = { __typename: 'MarkReadyPayload' };

test('a wait ends at its deadline, and polls less and less often', async () => {
  const world = await startFailingGateway();
  world.fail('getSignatureRequest', shows(requestIn('READY')));
  const { result, seconds } = await outcome(world, 'markReady', { waitSeconds: 3 });
  expect(result).toEqual(PAYLOAD);
  expect(seconds).toBeGreaterThanOrEqual(2.95);
  expect(seconds).toBeLessThan(4);
  const [first = 0, second = 0, third = 0, fourth = 0, ...last] = pauses(world);
  expect(last).toHaveLength(1); // what was left
  expect(first).toBeGreaterThan(0.24);
  expect(second).toBeGreaterThan(0.39);
  expect(third).toBeGreaterThan(0.63);
  expect(fourth).toBeGreaterThan(1);
});

test.each([
  ['markReady', requestIn('READY'), PAYLOAD, ['getSignatureRequest']],
  ['markReady', requestIn('DRAFT'), PAYLOAD, ['getSignatureRequest', 'setSignatureRequestStatus']],
  [
    'markReady',
    requestIn('DRAFT', [READY, WAITING]),
    {
      __typename: 'DocumentsNotReadyError',
      documents: [{ title: 'Documento WAIT_FOR_UPLOAD', status: 'WAIT_FOR_UPLOAD', rejectReasons: [] }],
    },
    ['getSignatureRequest'],
  ],
  [
    'notifySigner',
    requestIn('READY'),
    { __typename: 'WrongStatusError', status: 'READY', allowed: ['WAIT_FOR_SIGNATURE'] },
    ['getSignatureRequest'],
  ],
])(
  '%s with waitSeconds 0 answers at once with the state as it is',
  async (mutation, request, expected, calls) => {
    const world = await startFailingGateway();
    world.fail('getSignatureRequest', shows(request));
    world.fail('setSignatureRequestStatus', noContent);
    expect((await outcome(world, mutation, { waitSeconds: 0 })).result).toMatchObject(expected);
    expect(world.calls.map(({ operation }) => operation)).toEqual(calls);
  },
);

test('uploadDocument with waitSeconds 0 stores the file and does not poll', async () => {
  const world = await startFailingGateway();
  const [target] = await draftOf(world);
  world.calls.length = 0;
  const query = `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
    ... on UploadDocumentPayload { document { status } } } }`;
  const variables = { input: { ...target, file: null, waitSeconds: 0 } };
  const { data } = await world.upload(query, variables, new Uint8Array(await makePdf()));
  expect(data).toEqual({ uploadDocument: { document: { status: 'WAIT_FOR_UPLOAD' } } });
  expect(world.calls.map(({ operation }) => operation)).toEqual([
    'getSignatureRequest',
    'getDocumentUploadUrl',
  ]);
  expect(world.sandbox.storedBlobs()).toHaveLength(1);
});

test('uploadDocument waits no longer than waitSeconds', async () => {
  const world = await startFailingGateway();
  const [target] = await draftOf(world);
  const draft = requestIn('DRAFT', [documentIn('WAIT_FOR_UPLOAD', { id: target.documentId })], {
    id: target.signatureRequestId,
  });
  world.fail('getSignatureRequest', shows(draft));
  const startedAt = performance.now();
  const variables = { input: { ...target, file: null, waitSeconds: 1 } };
  const pdf = new Uint8Array(await makePdf());
  const { data } = await world.upload(mutationOf('uploadDocument'), variables, pdf);
  expect(data).toEqual({ uploadDocument: { __typename: 'UploadDocumentPayload' } });
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(950);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

test('uploadDocument ignores the outcome of an earlier file', async () => {
  const world = await startFailingGateway();
  const [target] = await draftOf(world);
  const id = target.documentId;
  const soon = new Date(Date.now() + 60_000).toISOString();
  const old = documentIn('REJECTED', {
    id,
    updated_at: AT,
    uploaded_at: AT,
    rejected_at: AT,
    reject_reason: 'old',
  });
  const again = documentIn('REJECTED', {
    id,
    updated_at: LATER,
    uploaded_at: AT,
    reject_reason: 'still old',
  });
  const accepted = documentIn('READY', { id, updated_at: LATER, uploaded_at: soon });
  const whole = (document: object) => requestIn('DRAFT', [document], { id: target.signatureRequestId });
  world.fail('getSignatureRequest', shows(whole(old), whole(old), whole(again), whole(accepted)));
  world.calls.length = 0;
  const variables = { input: { ...target, file: null, waitSeconds: 10 } };
  const pdf = new Uint8Array(await makePdf());
  const { data } = await world.upload(mutationOf('uploadDocument'), variables, pdf);
  expect(data).toEqual({ uploadDocument: { __typename: 'UploadDocumentPayload' } });
  expect(world.count('getSignatureRequest')).toBe(4);
});

test('markReady waits for documents that are being checked, marks once, and waits for the QR code', async () => {
  const world = await startFailingGateway();
  const checking = requestIn('DRAFT', [READY, WAITING]);
  world.fail('getSignatureRequest', shows(checking, checking, requestIn('DRAFT', [READY, READY]), SENT));
  world.fail('setSignatureRequestStatus', noContent);
  expect((await outcome(world, 'markReady', {})).result).toEqual(PAYLOAD);
  expect(world.calls.map(({ operation }) => operation)).toEqual([
    'getSignatureRequest',
    'getSignatureRequest',
    'getSignatureRequest',
    'setSignatureRequestStatus',
    'getSignatureRequest',
  ]);
});

test('markReady fails as soon as one document is rejected, with its reasons', async () => {
  const world = await startFailingGateway();
  const draft = (...documents: object[]) => requestIn('DRAFT', documents);
  world.fail('getSignatureRequest', shows(draft(READY, WAITING, WAITING), draft(READY, REJECTED, WAITING)));
  const { result, seconds } = await outcome(world, 'markReady', {});
  expect(result).toEqual({
    __typename: 'DocumentRejectedError',
    code: 'DOCUMENT_REJECTED',
    message: expect.stringContaining('“Documento REJECTED”'),
    documents: [
      { title: 'Documento REJECTED', status: 'REJECTED', rejectReasons: ['one reason', 'another'] },
    ],
    reasons: ['one reason', 'another'],
  });
  expect(seconds).toBeLessThan(2);
  expect(world.count('setSignatureRequestStatus')).toBe(0);
});

test.each([
  ['while documents are checked', requestIn('DRAFT', [WAITING]), SENT, 0],
  ['just before', requestIn('DRAFT'), SENT, 1],
])('markReady succeeds when another caller marks the request %s', async (_, before, after, marks) => {
  const world = await startFailingGateway();
  world.fail('getSignatureRequest', shows(before, after));
  world.fail('setSignatureRequestStatus', refuses(400));
  const { result } = await outcome(world, 'markReady', {});
  expect(result).toEqual(PAYLOAD);
  expect(world.count('setSignatureRequestStatus')).toBe(marks);
});

test.each(['SIGNED', 'REJECTED', 'CANCELLED'])(
  'markReady on a %s request answers at once',
  async (status) => {
    const world = await startFailingGateway();
    world.fail('getSignatureRequest', shows(requestIn(status)));
    expect((await outcome(world, 'markReady', {})).result).toMatchObject({
      __typename: 'WrongStatusError',
      status,
      allowed: ['DRAFT'],
    });
    expect(world.calls).toHaveLength(1);
  },
);

test('notifySigner on a request that is READY waits until it can be signed', async () => {
  const world = await startFailingGateway();
  world.fail('getSignatureRequest', shows(requestIn('READY'), requestIn('READY'), SENT));
  world.fail('sendNotification', (_, res) => sendJson(res, 200, { io_message_id: 'm1' }));
  const { data } = await world.run(
    `mutation { notifySigner(input: { signatureRequestId: "r1" }) {
      ... on NotifySignerPayload { signatureRequest { status notification { ioMessageId } } } } }`,
  );
  expect(data).toEqual({
    notifySigner: {
      signatureRequest: { status: 'WAIT_FOR_SIGNATURE', notification: { ioMessageId: 'm1' } },
    },
  });
  expect(world.calls.map(({ operation }) => operation)).toEqual([
    'getSignatureRequest',
    'getSignatureRequest',
    'getSignatureRequest',
    'sendNotification',
  ]);
});

test('two concurrent notifySigner calls return one notification and one AlreadyNotifiedError', async () => {
  const world = await startFailingGateway();
  let message: string | undefined;
  world.fail('getSignatureRequest', (_, res) =>
    sendJson(res, 200, {
      ...SENT,
      ...(message !== undefined && { notification: { io_message_id: message } }),
    }),
  );
  world.fail('sendNotification', (call, res, req, nth) => {
    if (message !== undefined) return refuses(422)(call, res, req, nth);
    message = 'm1';
    return sendJson(res, 200, { io_message_id: message });
  });
  const results = await Promise.all([outcome(world, 'notifySigner', {}), outcome(world, 'notifySigner', {})]);
  expect(
    results.map(({ result }) => result).toSorted((a, b) => Object.keys(a).length - Object.keys(b).length),
  ).toEqual([
    { __typename: 'NotifySignerPayload' },
    expect.objectContaining({ __typename: 'AlreadyNotifiedError', ioMessageId: 'm1' }),
  ]);
});

test('a temporary failure of a read neither ends nor prolongs a wait', async () => {
  const world = await startFailingGateway({ upstreamTimeoutMs: 400 });
  const reset: StubHandler = (_, __, req) => void req.socket.resetAndDestroy();
  const limited = refuses(429, 'slow', { 'retry-after': '60' });
  world.fail(
    'getSignatureRequest',
    shows(requestIn('READY'), limited, reset, reset, reset, () => {}, SENT),
  );
  expect((await outcome(world, 'markReady', { waitSeconds: 20 })).result).toEqual(PAYLOAD);
  expect(world.logs.lines()).toEqual([]);
});

test('a read that the service refuses ends the wait', async () => {
  const world = await startFailingGateway();
  world.fail('getSignatureRequest', shows(requestIn('READY'), refuses(401)));
  expect((await outcome(world, 'markReady', {})).result).toMatchObject({
    data: { markReady: null },
    errors: [{ extensions: { code: 'UPSTREAM_REFUSED' } }],
  });
  expect(world.calls).toHaveLength(2);
});

/** Sends an operation over a socket that can be destroyed. */
function clientThatLeaves({ url }: World, mutation: string) {
  const sending = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } });
  sending.on('error', () => {});
  sending.end(
    JSON.stringify({
      query: mutationOf(mutation),
      variables: { input: { signatureRequestId: 'r1', waitSeconds: 55 } },
    }),
  );
  onTestFinished(() => void sending.destroy());
  return sending;
}

test.each([
  ['markReady', 'while it waits for documents', requestIn('DRAFT', [WAITING])],
  ['markReady', 'while it waits for the QR code', requestIn('READY')],
  ['notifySigner', 'while it waits', requestIn('READY')],
])('%s makes no further calls when the client disconnects %s', async (mutation, _, state) => {
  const world = await startFailingGateway();
  world.fail('getSignatureRequest', shows(state));
  const client = clientThatLeaves(world, mutation);
  await expect.poll(() => world.calls.length).toBe(2);
  client.destroy();
  const left = performance.now();
  const since = (): number => performance.now() - left;
  const nextPauseMs = (pauses(world)[0] ?? 0) * 1_600;
  await expect.poll(() => world.logs.lines(), { interval: 10 }).toHaveLength(1);
  expect(since()).toBeLessThan(nextPauseMs * 0.8); // the pause is broken off
  await expect.poll(since).toBeGreaterThan(nextPauseMs * 2);
  expect(world.calls).toHaveLength(2);
  expect(world.logs.lines()).toMatchObject([{ level: 20, msg: 'the client left' }]);
});

test('a client that disconnects aborts the upstream call', async () => {
  const world = await startFailingGateway();
  world.fail(
    'getSignatureRequest',
    shows(requestIn('READY'), () => {}),
  );
  const client = clientThatLeaves(world, 'notifySigner');
  await expect.poll(() => world.calls.length).toBe(2);
  client.destroy();
  await expect.poll(() => world.stub.sockets.size).toBeLessThanOrEqual(1);
  expect(world.count('sendNotification')).toBe(0);
});
