import { expect, test } from 'vitest';
import { ANNA, BRUNO, CITIZEN, STAFF, startWorld, UNKNOWN } from '../security/support-world.ts';
import { withToken } from '../support/caller.ts';
import { openStream, statusIn, SUBSCRIPTION } from '../support/event-stream.ts';

/** Frequent polls, so that a recent state of the request is always known. */
const EAGER = { pollsPerSecond: 100, pace: { freshMs: 30, quietMs: 30, idleMs: 30 } };

test('a citizen cannot distinguish the request of another citizen from one that does not exist, also while others watch it', async () => {
  const world = await startWorld({ watching: EAGER });
  const subscribe = async (claims: Readonly<Record<string, unknown>>, id: string) =>
    openStream(world.url, {
      query: SUBSCRIPTION,
      variables: { id },
      headers: { ...withToken(await world.issuer.sign(claims)), accept: 'text/event-stream' },
    });
  const theirs = await world.requestOf(BRUNO, { status: 'WAIT_FOR_SIGNATURE' });
  const id = theirs.signatureRequestId;
  const watching = await subscribe(STAFF.operator, id);
  expect(statusIn(await watching.nextData())).toBe('WAIT_FOR_SIGNATURE');

  const own = (request: string) => world.callsOf(async () => (await subscribe(CITIZEN, request)).rest());
  const [foreign, unknown] = [await own(id), await own(UNKNOWN.signatureRequestId)];
  expect(foreign.result).toEqual(unknown.result);
  expect(foreign.result[0]?.data?.['errors']?.[0]?.['extensions']).toEqual({ code: 'NOT_FOUND' });
  // Both look up the citizen and read the request; the polls for the operator are additional.
  for (const { calls } of [foreign, unknown]) {
    expect(calls.filter((call) => call.startsWith('getSignerByFiscalCode'))).toHaveLength(1);
    expect(calls.filter((call) => call.startsWith('getSignatureRequest'))).not.toEqual([]);
  }

  await world.requestOf(ANNA);
  world.sandbox.citizen.sign(id);
  expect(statusIn((await watching.rest())[0]?.data)).toBe('SIGNED');
});

test('the first state for a citizen is read anew, even if a recent state is known', async () => {
  const world = await startWorld({
    watching: { pace: { freshMs: 60_000, quietMs: 60_000, idleMs: 60_000 } },
  });
  const target = await world.requestOf(ANNA, { status: 'WAIT_FOR_SIGNATURE' });
  const subscribe = async (claims: Readonly<Record<string, unknown>>) => {
    const headers = withToken(await world.issuer.sign(claims));
    const variables = { id: target.signatureRequestId };
    const stream = await openStream(world.url, { query: SUBSCRIPTION, variables, headers });
    expect(statusIn(await stream.nextData())).toBe('WAIT_FOR_SIGNATURE');
  };
  const read = ['getSignatureRequest GET /api/v1/sign/signature-requests/:id'];
  expect((await world.callsOf(() => subscribe(STAFF.operator))).calls).toEqual(read);
  expect((await world.callsOf(() => subscribe(STAFF.reader))).calls).toEqual([]);
  expect((await world.callsOf(() => subscribe(CITIZEN))).calls).toEqual([
    'getSignerByFiscalCode POST /api/v1/sign/signers',
    ...read,
  ]);
});
