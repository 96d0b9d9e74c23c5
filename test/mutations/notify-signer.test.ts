import { expect, test } from 'vitest';
import type { Fault } from '../../mocks/sandbox/faults/fault.ts';
import { startKeyed } from '../support/keyed.ts';

const KEY = { idempotencyKey: '5e8b7f9c-7f3a-4b8e-9d51-4c3f2a1b0e9d' };
const operation = 'sendNotification';

async function startWaiting(status: 'WAIT_FOR_SIGNATURE' | 'DRAFT' = 'WAIT_FOR_SIGNATURE') {
  const world = await startKeyed();
  const [request] = (await world.sandbox.seed({ requests: [{ status }] })).requests;
  const input = { signatureRequestId: request?.id };
  const keyed = { ...input, ...KEY };
  return { ...world, input, keyed };
}

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

test('a refusal releases the key', async () => {
  const world = await startWaiting('DRAFT');
  expect(await world.notify(world.keyed)).toMatchObject({ code: 'WRONG_STATUS' });
  const [other] = (await world.sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] })).requests;
  expect(await world.notify({ ...KEY, signatureRequestId: other?.id })).toMatchObject({ id: other?.id });
});

test('an unanswered notification that was sent is the outcome, also if only the retry finds it', async () => {
  const world = await startWaiting();
  world.sandbox.faults.add({ kind: 'reset', when: 'after', operation, count: 1 });
  // Nor can it be read back.
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

test('a retry sends a notification that was not sent', async () => {
  const world = await startWaiting();
  world.sandbox.faults.add({ kind: 'reset', when: 'before', operation, count: 1 });
  expect(await world.notify(world.keyed)).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  expect(await world.notify(world.keyed)).toMatchObject({
    code: undefined,
    id: world.input.signatureRequestId,
  });
  expect(world.calls(operation)).toBe(2);
});
