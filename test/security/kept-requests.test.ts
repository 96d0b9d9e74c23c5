import { expect, test } from 'vitest';
import { callsSince } from '../support/calls-since.ts';
import { mutationOf } from '../support/operations.ts';
import { ANNA, BRUNO, CITIZEN, STAFF, startWorld } from './support-world.ts';

/*
 * A gateway that keeps signature requests in a final status (`FINAL_REQUESTS_KEPT`) returns each one only to the caller who has
 * read it before.
 */
const KEEPING = { finalRequestsKept: 100, isSandbox: false };
const WHOLE = 'query ($id: ID!) { signatureRequest(id: $id) { status cancelledAt documents { id } } }';

test('a caller who reads a cancelled request again gets the same answer without an upstream call', async () => {
  const world = await startWorld(KEEPING);
  const { signatureRequestId: id } = await world.requestOf(ANNA, { status: 'CANCELLED' });
  const operator = await world.as(STAFF.operator);
  callsSince(world);
  const first = await operator.ask(WHOLE, { id });
  expect(first.body).toMatchObject({ data: { signatureRequest: { status: 'CANCELLED' } } });
  expect(callsSince(world)).toEqual(['getSignatureRequest']);
  expect((await operator.ask(WHOLE, { id })).body).toEqual(first.body);
  expect(callsSince(world)).toEqual([]);
});

test('the details of a list are kept too', async () => {
  const world = await startWorld(KEEPING);
  const { dossierId } = await world.requestOf(ANNA, { status: 'REJECTED' });
  const operator = await world.as(STAFF.operator);
  const list = `query ($id: ID!) { dossier(id: $id) { signatureRequests(first: 5) { nodes { rejectReason } } } }`;
  const first = await operator.ask(list, { id: dossierId });
  callsSince(world);
  expect((await operator.ask(list, { id: dossierId })).body).toEqual(first.body);
  expect(callsSince(world)).toEqual(['getDossier', 'getRequestsByDossier']);
});

test('another caller reads the service', async () => {
  const world = await startWorld(KEEPING);
  const { signatureRequestId: id } = await world.requestOf(ANNA, { status: 'CANCELLED' });
  const of = (sub: string) => world.as({ ...STAFF.operator, sub });
  await (await of('one')).ask(WHOLE, { id });
  callsSince(world);
  await (await of('two')).ask(WHOLE, { id });
  expect(callsSince(world)).toEqual(['getSignatureRequest']);
  const beta = await world.as({ role: 'operator', tenant: 'beta', sub: 'one' });
  expect((await beta.ask(WHOLE, { id })).body).toEqual({ data: { signatureRequest: null } });
  expect(callsSince(world)).toEqual(['getSignatureRequest']);
});

test('for a citizen nothing is kept: a request of another citizen looks like none', async () => {
  const world = await startWorld(KEEPING);
  const { signatureRequestId: other } = await world.requestOf(BRUNO, { status: 'CANCELLED' });
  const anna = await world.as(CITIZEN);
  const readings: string[][] = [];
  for (const id of [other, other, '01KJYMD75KB7D9F1H3K5N7Q9S9', '01KJYMD75KB7D9F1H3K5N7Q9S9']) {
    callsSince(world);
    expect((await anna.ask(WHOLE, { id })).body).toEqual({ data: { signatureRequest: null } });
    readings.push(callsSince(world));
  }
  expect(new Set(readings.map(String))).toEqual(new Set(['getSignerByFiscalCode,getSignatureRequest']));
});

test('a request that may change is read each time, and its end is seen at once', async () => {
  const world = await startWorld(KEEPING);
  const { signatureRequestId: id } = await world.requestOf(ANNA, { status: 'WAIT_FOR_SIGNATURE' });
  const operator = await world.as(STAFF.operator);
  const status = async () =>
    (await operator.ask(WHOLE, { id })).body['data']?.['signatureRequest']?.['status'];
  expect(await status()).toBe('WAIT_FOR_SIGNATURE');
  const input = { signatureRequestId: id };
  const cancelled = await operator.ask(mutationOf('cancelSignatureRequest', 'signatureRequest { status }'), {
    input,
  });
  expect(cancelled.body['data']?.['cancelSignatureRequest']).toMatchObject({
    signatureRequest: { status: 'CANCELLED' },
  });
  expect(await status()).toBe('CANCELLED');
});

test('by default, and with a sandbox, nothing is kept', async () => {
  for (const overrides of [{ isSandbox: false }, { ...KEEPING, isSandbox: true }]) {
    const world = await startWorld(overrides);
    const { signatureRequestId: id } = await world.requestOf(ANNA, { status: 'CANCELLED' });
    const operator = await world.as(STAFF.operator);
    await operator.ask(WHOLE, { id });
    callsSince(world);
    await operator.ask(WHOLE, { id });
    expect(callsSince(world)).toEqual(['getSignatureRequest']);
  }
});
