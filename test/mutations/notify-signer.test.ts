import { describe, expect, test } from 'vitest';
import type { Fault } from '../../mocks/sandbox/faults/fault.ts';
import { draftOf } from '../support/draft.ts';
import { sendJson } from '../support/http-stub.ts';
import { startKeyed } from '../support/keyed.ts';
import { mutationOf } from '../support/operations.ts';
import { refuses, startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';
import {
  expectNoCallsAfterDisconnect,
  outcome,
  requestIn,
  SENT,
  shows,
  startRequest,
} from './support-waiting.ts';

test('a DRAFT request is refused with its status, without a wait', async () => {
  const gateway = await startGateway();
  const [{ signatureRequestId }] = await draftOf(gateway);
  const { data } = await gateway.run(mutationOf('notifySigner'), { input: { signatureRequestId } });
  expect(data['notifySigner']).toMatchObject({
    __typename: 'WrongStatusError',
    status: 'DRAFT',
    allowed: ['WAIT_FOR_SIGNATURE'],
  });
});

test('with waitSeconds 0 a READY request is refused with its status', async () => {
  const world = await startFailingGateway();
  world.fail('getSignatureRequest', shows(requestIn('READY')));
  expect((await outcome(world, 'notifySigner', { waitSeconds: 0 })).result).toMatchObject({
    __typename: 'WrongStatusError',
    status: 'READY',
    allowed: ['WAIT_FOR_SIGNATURE'],
  });
  expect(world.calls.map(({ operation }) => operation)).toEqual(['getSignatureRequest']);
});

test('waits for a READY request until it can be signed', async () => {
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

test('two concurrent calls return one notification and one AlreadyNotifiedError', async () => {
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

test('a client that disconnects aborts the upstream call', async () => {
  const world = await startFailingGateway();
  world.fail(
    'getSignatureRequest',
    shows(requestIn('READY'), () => {}),
  );
  const client = startRequest(world, 'notifySigner');
  await expect.poll(() => world.calls.length).toBe(2);
  client.destroy();
  await expect.poll(() => world.stub.sockets.size).toBeLessThanOrEqual(1);
  expect(world.count('sendNotification')).toBe(0);
});

test('a client that disconnects while it waits causes no further calls', async () => {
  await expectNoCallsAfterDisconnect('notifySigner', requestIn('READY'));
});

const KEY = { idempotencyKey: '5e8b7f9c-7f3a-4b8e-9d51-4c3f2a1b0e9d' };
const operation = 'sendNotification';

async function startWaiting(status: 'WAIT_FOR_SIGNATURE' | 'DRAFT' = 'WAIT_FOR_SIGNATURE') {
  const world = await startKeyed();
  const [request] = (await world.sandbox.seed({ requests: [{ status }] })).requests;
  const input = { signatureRequestId: request?.id };
  const keyed = { ...input, ...KEY };
  return { ...world, input, keyed };
}

describe('with an idempotencyKey', () => {
  test('a retry with the same key returns the notification, and one without a key is ALREADY_NOTIFIED', async () => {
    const world = await startWaiting();
    const sent = await world.notify(world.keyed);
    expect(sent.made).toMatchObject({ notification: { ioMessageId: expect.stringMatching(/^\w{26}$/) } });
    expect(await world.notify(world.keyed)).toEqual(sent);
    // The wait is not part of the input that identifies the operation.
    expect(await world.notify({ ...world.keyed, waitSeconds: 0 })).toEqual(sent);
    expect(await world.notify(world.input)).toMatchObject({ code: 'ALREADY_NOTIFIED' });
    expect(await world.notify({ ...world.input, idempotencyKey: 'another' })).toMatchObject({
      code: 'ALREADY_NOTIFIED',
    });
    expect(world.calls(operation)).toBe(1);
  });

  test('fifty concurrent calls with one key send one notification', async () => {
    const world = await startWaiting();
    const sent = await Promise.all(Array.from({ length: 50 }, () => world.notify(world.keyed)));
    for (const { id } of sent) expect(id).toBe(world.input.signatureRequestId);
    expect(world.calls(operation)).toBe(1);
  });

  test('a key for another request is a conflict', async () => {
    const world = await startWaiting();
    const [other] = (await world.sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] })).requests;
    await world.notify(world.keyed);
    expect(await world.notify({ ...KEY, signatureRequestId: other?.id })).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    expect(world.calls(operation)).toBe(1);
  });

  test('a refused call releases its key', async () => {
    const world = await startWaiting('DRAFT');
    expect(await world.notify(world.keyed)).toMatchObject({ code: 'WRONG_STATUS' });
    const [other] = (await world.sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] })).requests;
    expect(await world.notify({ ...KEY, signatureRequestId: other?.id })).toMatchObject({ id: other?.id });
  });

  test('a notification that was sent but not answered is the outcome, even if only the retry finds it', async () => {
    const world = await startWaiting();
    world.sandbox.faults.add({ kind: 'reset', when: 'after', operation, count: 1 });
    // The request cannot be read back either.
    const unreadable: Fault = { kind: 'status', status: 401, operation: 'getSignatureRequest' };
    const fault = world.sandbox.faults.add({ ...unreadable, nth: 2, count: 1_000 });
    expect(await world.notify(world.keyed)).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    world.sandbox.faults.clear(fault);
    const sent = await world.notify(world.keyed);
    expect(sent.made).toMatchObject({ notification: { ioMessageId: expect.any(String) } });
    expect(await world.notify(world.keyed)).toEqual(sent);
    expect(world.calls(operation)).toBe(1);
    expect(world.outcomes).toEqual(['first', 'resumed', 'replayed']);
  });

  test('a retry sends a notification that did not reach the service', async () => {
    const world = await startWaiting();
    world.sandbox.faults.add({ kind: 'reset', when: 'before', operation, count: 1 });
    expect(await world.notify(world.keyed)).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(await world.notify(world.keyed)).toMatchObject({
      code: undefined,
      id: world.input.signatureRequestId,
    });
    expect(world.calls(operation)).toBe(2);
  });
});
