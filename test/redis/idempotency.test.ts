import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { callerAt } from '../support/caller.ts';
import { DOCUMENTS, outcomeOf, SIGNER, startKeyed } from '../support/keyed.ts';
import type { KeyedMutation } from '../support/keyed.ts';
import { mutationOf } from '../support/operations.ts';
import { startRedis } from '../support/redis.ts';
import { startMain } from '../support/start-main.ts';

const KEY = { idempotencyKey: '5e8b7f9c-7f3a-4b8e-9d51-4c3f2a1b0e9d' };
const operation = 'createSignatureRequest';
/** Times of the gateways in this process, short for the test. */
const idempotency = { settle: 500, lease: 1_000 };

/** Two gateways of one service that share a Redis. */
async function startTwo() {
  const redis = await startRedis();
  const one = await startKeyed({ redisUrl: redis.url.href, idempotency });
  const other = await startKeyed({ redisUrl: redis.url.href, idempotency }, one.sandbox);
  return { redis, one, other, dossierId: await one.dossier() };
}

test('a key of one gateway is known to the other', async () => {
  const { one, other, dossierId } = await startTwo();
  const { id } = await one.createRequest({ ...KEY, dossierId });
  expect(await other.createRequest({ ...KEY, dossierId })).toMatchObject({ id });
  const another = { ...KEY, dossierId, expiresAt: '2099-01-01T00:00:00Z' };
  expect(await other.createRequest(another)).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  expect(one.calls(operation)).toBe(1);
  expect(other.outcomes).toEqual(['replayed', 'conflict']);
});

test('of fifty concurrent calls to two gateways with one key, one creates the dossier, the request, the notification', async () => {
  const { one, other } = await startTwo();
  const fifty = (mutate: (world: typeof one) => Promise<{ id: string | undefined }>) =>
    Promise.all(Array.from({ length: 50 }, (_, nth) => mutate(nth % 2 === 0 ? one : other)));
  const once = async (mutate: (world: typeof one) => Promise<{ id: string | undefined }>) => {
    const ids = new Set((await fifty(mutate)).map(({ id }) => id));
    expect(ids.size).toBe(1);
    return [...ids][0];
  };
  const dossierId = await once((world) => world.createDossier(KEY));
  await once((world) => world.createRequest({ ...KEY, dossierId }));
  const [request] = (await one.sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] })).requests;
  await once((world) => world.notify({ ...KEY, signatureRequestId: request?.id }));
  // The other dossier was created without a key.
  expect([one.calls('createDossier'), one.calls(operation), one.calls('sendNotification')]).toEqual([
    2, 1, 1,
  ]);
});

test('the result of a call without an answer is found by the other gateway', async () => {
  const { one, other, dossierId } = await startTwo();
  one.sandbox.faults.add({ kind: 'reset', when: 'after', operation, count: 1 });
  expect(await one.createRequest({ ...KEY, dossierId })).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  const [lost] = await one.requestsOf(dossierId);
  expect(await other.createRequest({ ...KEY, dossierId })).toMatchObject({ id: lost });
  expect(one.calls(operation)).toBe(1);
});

test('a call that takes longer than a lease keeps its key', async () => {
  const { one, other, dossierId } = await startTwo();
  one.sandbox.faults.add({ kind: 'latency', ms: 3 * idempotency.lease, operation, count: 1 });
  const first = one.createRequest({ ...KEY, dossierId });
  await expect.poll(() => one.outcomes).toEqual(['first']);
  const retry = other.createRequest({ ...KEY, dossierId });
  const { id } = await first;
  expect(await retry).toMatchObject({ id });
  expect(other.outcomes).toEqual(['waited']);
  expect(one.calls(operation)).toBe(1);
});

/** Sends a mutation whose client disconnects as soon as the gateway has started it. */
async function leaveDuring(world: Awaited<ReturnType<typeof startKeyed>>, dossierId: string): Promise<void> {
  const leaving = new AbortController();
  const input = { ...KEY, dossierId, signerId: SIGNER };
  const left = fetch(world.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: mutationOf(operation), variables: { input } }),
    signal: leaving.signal,
  });
  await expect.poll(() => world.outcomes).toEqual(['first']);
  leaving.abort();
  await expect(left).rejects.toThrow();
}

test('a gateway that shuts down completes the call of a disconnected client and stores its outcome', async () => {
  const { one, other, dossierId } = await startTwo();
  one.sandbox.faults.add({ kind: 'latency', ms: 500, operation, count: 1 });
  await leaveDuring(one, dossierId);
  await one.close();
  const { id } = await other.createRequest({ ...KEY, dossierId });
  expect(await other.requestsOf(dossierId)).toEqual([id]);
  expect(other.outcomes).toEqual(['replayed']);
});

test('a gateway that shuts down waits for a limited time, and another continues', async () => {
  const { one, other, dossierId } = await startTwo();
  one.sandbox.faults.add({ kind: 'latency', ms: 60_000, operation, count: 1 });
  await leaveDuring(one, dossierId);
  const before = performance.now();
  await one.close();
  expect(performance.now() - before).toBeLessThan(4_000);
  const { id } = await other.createRequest({ ...KEY, dossierId });
  expect(await other.requestsOf(dossierId)).toEqual([id]);
  expect(other.outcomes).toEqual(['resumed']);
});

test('a request created by one gateway without a key, or with another key, is not returned by the other', async () => {
  const { one, other, dossierId } = await startTwo();
  one.sandbox.faults.add({ kind: 'reset', when: 'before', operation, count: 1 });
  await one.createRequest({ ...KEY, dossierId });
  await one.createRequest({ dossierId });
  await one.createRequest({ idempotencyKey: 'another', dossierId });
  const before = await one.requestsOf(dossierId);
  const { id } = await other.createRequest({ ...KEY, dossierId });
  expect(await one.requestsOf(dossierId)).toEqual([...before, id]);
});

test('without Redis a mutation with a key is refused without an upstream call, and one without a key succeeds', async () => {
  const { redis, one, dossierId } = await startTwo();
  const [request] = (await one.sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] })).requests;
  const signatureRequestId = request?.id;
  await redis.kill();
  const calls = one.sandbox.journal.entries().length;
  const { body } = await callerAt(one.url).ask(mutationOf(operation), {
    input: { ...KEY, dossierId, signerId: SIGNER },
  });
  expect(body).toMatchObject({
    data: { [operation]: null },
    errors: [
      {
        message:
          'The gateway cannot store idempotency keys now. The mutation had no effect. Retry later with the same key.',
        extensions: { code: 'IDEMPOTENCY_UNAVAILABLE' },
      },
    ],
  });
  expect(await one.createDossier(KEY)).toMatchObject({ code: 'IDEMPOTENCY_UNAVAILABLE' });
  expect(await one.notify({ ...KEY, signatureRequestId })).toMatchObject({ code: 'IDEMPOTENCY_UNAVAILABLE' });
  expect(one.sandbox.journal.entries()).toHaveLength(calls);
  expect(one.outcomes).toEqual(['unavailable', 'unavailable', 'unavailable']);
  const plain = await one.createRequest({ dossierId });
  expect(plain.id).toMatch(/^\w{26}$/);

  await redis.start();
  await expect.poll(async () => (await one.createRequest({ ...KEY, dossierId })).id).toMatch(/^\w{26}$/);
  expect(await one.requestsOf(dossierId)).toHaveLength(2);
});

test.each([
  ['was down', 'kill'],
  ['hung', 'freeze'],
] as const)('a request created while Redis %s is returned, and found by the retry', async (_, how) => {
  const { redis, one, other, dossierId } = await startTwo();
  one.sandbox.faults.add({ kind: 'latency', ms: 1_000, operation, count: 1 });
  const first = one.createRequest({ ...KEY, dossierId });
  // The service is processing the call.
  await expect.poll(() => one.sandbox.faults.list()).toEqual([]);
  await redis[how]();
  const { id } = await first;
  expect(id).toMatch(/^\w{26}$/);
  expect(await other.createRequest({ ...KEY, dossierId })).toMatchObject({
    code: 'IDEMPOTENCY_UNAVAILABLE',
  });
  await (how === 'kill' ? redis.start() : redis.thaw());
  await expect.poll(async () => (await other.createRequest({ ...KEY, dossierId })).id).toBe(id);
  expect(one.calls(operation)).toBe(1);
});

test('a claim that Redis executes late does not count as a sent call, whatever other callers have created since', async () => {
  const { redis, one, other, dossierId } = await startTwo();
  const startedAt = performance.now();
  await one.createDossier(KEY);
  redis.freeze();
  expect(await one.createRequest({ ...KEY, dossierId })).toMatchObject({ code: 'IDEMPOTENCY_UNAVAILABLE' });
  // Longer than the allowed difference of clocks, so that every request is younger than the data in Redis.
  await pause(Math.max(0, startedAt + 5_000 - performance.now()));
  // Two systems that do not use this Redis.
  for (let nth = 0; nth < 2; nth += 1) await (await startKeyed({}, one.sandbox)).createRequest({ dossierId });
  const strangers = await one.requestsOf(dossierId);
  redis.thaw();
  await expect
    .poll(async () => (await other.createRequest({ ...KEY, dossierId })).id, { timeout: 20_000 })
    .toMatch(/^\w{26}$/);
  const created = await one.requestsOf(dossierId);
  expect(created).toEqual([...strangers, expect.any(String)]);
  expect(await one.createRequest({ ...KEY, dossierId })).toMatchObject({ id: created[2] });
});

test('stored data contains no personal data, no title and no permission', async () => {
  const { redis, one, dossierId } = await startTwo();
  await one.createDossier({ ...KEY, supportEmail: 'urp@comune.example.it' });
  await one.createRequest({ ...KEY, dossierId, documents: DOCUMENTS });
  await one.createRequest({ dossierId });
  one.sandbox.faults.add({ kind: 'reset', when: 'after', operation, count: 1 });
  await one.createRequest({ idempotencyKey: 'SPNDNL80R13C555X', dossierId });
  const { client } = redis;
  const texts: string[] = [];
  for (const name of await client.keys('sigillo:idempotency:{keys}:*')) {
    const isHash = (await client.type(name)) === 'hash';
    texts.push(name, JSON.stringify(isHash ? await client.hgetall(name) : await client.get(name)));
  }
  expect(texts).toHaveLength(2 * (3 + 2 + 1)); // three keys, two owned requests, and the age of the data
  const allowed =
    /^(?:sigillo|idempotency|keys|owner|fingerprint|token|lease|sent|service|quiet|since|result|dossierId|signatureRequestId|none|[\da-f-]+|[0-7][\dA-HJKMNP-TV-Z]{25})$/;
  for (const word of texts.flatMap((text) => text.match(/[\w-]+/g) ?? [])) expect(word).toMatch(allowed);
});

/** A gateway in its own process, in front of a running sandbox. */
async function startProcess(world: { sandbox: { url: string } }, redisUrl: URL) {
  const main = await startMain({
    SANDBOX_URL: world.sandbox.url,
    REDIS_URL: redisUrl.href,
    IDEMPOTENCY_SETTLE_SECONDS: '3',
    LOG_LEVEL: 'silent',
  });
  const caller = callerAt(main.url);
  return {
    ...main,
    ask: (mutation: KeyedMutation, input: object) => outcomeOf(caller, mutation, input),
  };
}

test('a gateway is killed while the service creates the request: another finds it within seconds', async () => {
  const { redis, one, dossierId } = await startTwo();
  const doomed = await startProcess(one, redis.url);
  const other = await startProcess(one, redis.url);
  const input = { ...KEY, dossierId, signerId: SIGNER };
  // The request is created at once, and its answer is slow.
  one.sandbox.faults.add({ kind: 'slow-body', ms: 60_000, operation, count: 1 });
  const first = doomed.ask(operation, input).catch(() => 'cut off');
  await expect.poll(() => one.requestsOf(dossierId)).toHaveLength(1);
  const [lost] = await one.requestsOf(dossierId);
  await doomed.kill();
  expect(await first).toBe('cut off');
  const killedAt = performance.now();
  expect(await other.ask(operation, input)).toMatchObject({ id: lost });
  expect(performance.now() - killedAt).toBeLessThan(15_000);
  expect(one.calls(operation)).toBe(1);
});

test('a gateway is killed before the service creates the request: another creates it', async () => {
  const { redis, one, dossierId } = await startTwo();
  const doomed = await startProcess(one, redis.url);
  const other = await startProcess(one, redis.url);
  const input = { ...KEY, dossierId, signerId: SIGNER };
  one.sandbox.faults.add({ kind: 'latency', ms: 60_000, operation, count: 1 });
  const first = doomed.ask(operation, input).catch(() => 'cut off');
  // The service is processing the call.
  await expect.poll(() => one.sandbox.faults.list()).toEqual([]);
  await doomed.kill();
  expect(await first).toBe('cut off');
  const { id } = await other.ask(operation, input);
  expect(await one.requestsOf(dossierId)).toEqual([id]);
  // A later retry gets the same request.
  expect(await one.createRequest({ ...KEY, dossierId })).toMatchObject({ id });
});

test('a gateway is killed while the message is sent: another returns it', async () => {
  const { redis, one } = await startTwo();
  const [request] = (await one.sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] })).requests;
  const input = { ...KEY, signatureRequestId: request?.id };
  const doomed = await startProcess(one, redis.url);
  const other = await startProcess(one, redis.url);
  one.sandbox.faults.add({ kind: 'slow-body', ms: 60_000, operation: 'sendNotification', count: 1 });
  const first = doomed.ask('notifySigner', input).catch(() => 'cut off');
  const query = `{ signatureRequest(id: "${request?.id}") { notification { ioMessageId } } }`;
  await expect
    .poll(async () => (await one.run(query)).data['signatureRequest']?.['notification'])
    .toMatchObject({ ioMessageId: expect.any(String) });
  await doomed.kill();
  expect(await first).toBe('cut off');
  expect(await other.ask('notifySigner', input)).toMatchObject({
    made: { notification: { ioMessageId: expect.any(String) } },
  });
});

test('a gateway that hung and lost its claim overwrites nothing when it continues', async () => {
  const { redis, one, dossierId } = await startTwo();
  const hung = await startProcess(one, redis.url);
  const other = await startProcess(one, redis.url);
  const input = { ...KEY, dossierId, signerId: SIGNER };
  one.sandbox.faults.add({ kind: 'latency', ms: 1_500, operation, count: 1 });
  const first = hung.ask(operation, input);
  // The service is processing the call.
  await expect.poll(() => one.sandbox.faults.list()).toEqual([]);
  hung.freeze();
  // The service creates the request in the meantime, and the other gateway finds it.
  const { id } = await other.ask(operation, input);
  hung.thaw();
  expect(await first).toMatchObject({ id });
  expect(await one.requestsOf(dossierId)).toEqual([id]);
  expect(one.calls(operation)).toBe(1);
});
