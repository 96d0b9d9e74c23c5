import { expect, test } from 'vitest';
import { draftOf } from '../support/draft.ts';
import type { StubHandler } from '../support/http-stub.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { refuses, startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';
import {
  expectNoCallsAfterDisconnect,
  noContent,
  outcome,
  READY,
  REJECTED,
  requestIn,
  SENT,
  shows,
  WAITING,
} from './support-waiting.ts';

const PAYLOAD = { __typename: 'MarkReadyPayload' };

test.each([
  ['a READY request', requestIn('READY'), PAYLOAD, ['getSignatureRequest']],
  ['a DRAFT request', requestIn('DRAFT'), PAYLOAD, ['getSignatureRequest', 'setSignatureRequestStatus']],
  [
    'a DRAFT request with a missing document',
    requestIn('DRAFT', [READY, WAITING]),
    {
      __typename: 'DocumentsNotReadyError',
      documents: [{ title: 'Documento WAIT_FOR_UPLOAD', status: 'WAIT_FOR_UPLOAD', rejectReasons: [] }],
    },
    ['getSignatureRequest'],
  ],
])('with waitSeconds 0, %s is not waited for', async (_, request, expected, calls) => {
  const world = await startFailingGateway();
  world.fail('getSignatureRequest', shows(request));
  world.fail('setSignatureRequestStatus', noContent);
  expect((await outcome(world, 'markReady', { waitSeconds: 0 })).result).toMatchObject(expected);
  expect(world.calls.map(({ operation }) => operation)).toEqual(calls);
});

test('waits until all documents are validated, marks the request once, and waits for the QR code', async () => {
  const world = await startFailingGateway();
  const validating = requestIn('DRAFT', [READY, WAITING]);
  world.fail('getSignatureRequest', shows(validating, validating, requestIn('DRAFT', [READY, READY]), SENT));
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

test('fails as soon as one document is rejected, with the reasons', async () => {
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
  expect(seconds).toBeLessThan(10); // of 15
  expect(world.count('setSignatureRequestStatus')).toBe(0);
});

test.each([
  ['while documents are validated', requestIn('DRAFT', [WAITING]), SENT, 0],
  ['just before the call', requestIn('DRAFT'), SENT, 1],
])('succeeds when another caller marks the request %s', async (_, before, after, marks) => {
  const world = await startFailingGateway();
  world.fail('getSignatureRequest', shows(before, after));
  world.fail('setSignatureRequestStatus', refuses(400));
  const { result } = await outcome(world, 'markReady', {});
  expect(result).toEqual(PAYLOAD);
  expect(world.count('setSignatureRequestStatus')).toBe(marks);
});

test.each(['SIGNED', 'REJECTED', 'CANCELLED'])('a %s request is refused without a wait', async (status) => {
  const world = await startFailingGateway();
  world.fail('getSignatureRequest', shows(requestIn(status)));
  expect((await outcome(world, 'markReady', {})).result).toMatchObject({
    __typename: 'WrongStatusError',
    status,
    allowed: ['DRAFT'],
  });
  expect(world.calls).toHaveLength(1);
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

test.each([
  ['documents', requestIn('DRAFT', [WAITING])],
  ['the QR code', requestIn('READY')],
])('a client that disconnects while it waits for %s causes no further calls', async (_, state) => {
  await expectNoCallsAfterDisconnect('markReady', state);
});

test('a document that was not uploaded is named when the wait is over', async () => {
  const gateway = await startGateway();
  const [{ signatureRequestId }] = await draftOf(gateway);
  const { data } = await gateway.run(mutationOf('markReady'), {
    input: { signatureRequestId, waitSeconds: 0 },
  });
  expect(data['markReady']).toMatchObject({
    __typename: 'DocumentsNotReadyError',
    code: 'DOCUMENTS_NOT_READY',
    documents: [{ title: 'Documento 1', status: 'WAIT_FOR_UPLOAD' }],
  });
});

test('a document that was rejected after its upload is named', async () => {
  const gateway = await startGateway();
  const [target] = await draftOf(gateway);
  const truncated = new Uint8Array(await makePdf()).slice(0, 200);
  const answer = await gateway.upload(
    mutationOf('uploadDocument'),
    { input: { ...target, file: null } },
    truncated,
  );
  expect(answer.data['uploadDocument']).toMatchObject({ __typename: 'DocumentRejectedError' });
  const { data } = await gateway.run(mutationOf('markReady'), {
    input: { signatureRequestId: target.signatureRequestId },
  });
  expect(data['markReady']).toMatchObject({
    __typename: 'DocumentRejectedError',
    documents: [{ title: 'Documento 1' }],
  });
});
