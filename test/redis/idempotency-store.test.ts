import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { RedisIdempotencyStore } from '../../src/idempotency/redis-store.ts';
import { IdempotencyUnavailableError } from '../../src/idempotency/idempotency-store.ts';
import { connectRedis } from '../../src/redis/connection.ts';
import { CALL, FIRST, resumedOf, storeCases, TTL_MS } from '../support/idempotency-store-cases.ts';
import { startRedis } from '../support/redis.ts';

const LEASE_MS = 400;
const ana = { fingerprint: 'input', token: 'ana' };
const bea = { fingerprint: 'input', token: 'bea' };

async function start(leaseMs = 60_000, putBackMs = 0) {
  const server = await startRedis();
  const redis = await connectRedis(server.url, { commandTimeoutMs: 1_000 });
  onTestFinished(() => redis.close());
  return {
    server,
    redis,
    store: new RedisIdempotencyStore(redis, { ttlMs: TTL_MS, leaseMs, putBackMs }),
    pass: pause,
  };
}

storeCases(start);

test('after the lease of a holder expires, another may claim the key, and the sent call is unresolved', async () => {
  const { store } = await start(LEASE_MS);
  await store.claim('key', ana);
  await store.recordSend('key', 'ana', 7);
  expect(await store.claim('key', bea)).toEqual({ kind: 'busy' });
  await pause(LEASE_MS + 100);
  const { sent } = resumedOf(await store.claim('key', bea));
  expect(sent?.serviceTimeMs).toBe(7);
  expect(sent?.quietMs).toBeGreaterThanOrEqual(100);
  expect(sent?.sentMs).toBeGreaterThanOrEqual(LEASE_MS + 100);
  // The first holder continues.
  expect(await store.recordSend('key', 'ana', 8)).toBe(false);
  expect(await store.complete('key', ana, '"late"')).toBe(false);
  expect(await store.save('key', ana, '"late"')).toBe(false);
  expect(await store.complete('key', bea, '"right"')).toBe(true);
  expect(await store.claim('key', ana)).toEqual({ kind: 'done', result: '"right"' });
});

test('the age of an unresolved call is counted from its first holder', async () => {
  const { store } = await start(LEASE_MS);
  await store.claim('key', ana);
  await store.recordSend('key', 'ana', 7);
  await pause(LEASE_MS + 100);
  const first = resumedOf(await store.claim('key', bea));
  // The second holder searches for it, and dies too.
  await pause(LEASE_MS + 100);
  const second = resumedOf(await store.claim('key', ana));
  expect(second.sent?.quietMs).toBeGreaterThanOrEqual((first.sent?.quietMs ?? Infinity) + LEASE_MS);
});

test('an expired claim without a sent call leaves no trace', async () => {
  const { store } = await start(LEASE_MS);
  await store.claim('key', ana);
  await pause(LEASE_MS + 100);
  expect(await store.claim('key', { fingerprint: 'other', token: 'bea' })).toMatchObject(FIRST);
  expect(await store.recordSend('key', 'ana', 0)).toBe(false);
});

test('holders restore their records after a loss of data, and the next claim reports the loss', async () => {
  const { store, redis } = await start(LEASE_MS);
  const before = await store.claim('before', ana);
  for (const name of ['running', 'saving', 'done', 'left']) await store.claim(name, ana);
  await pause(50);
  await redis.client.flushall();
  expect(await store.recordSend('running', 'ana', 0)).toBe(false);
  expect(await store.renew('running', ana, { ...CALL, sentMs: 5_000 })).toBe(true);
  expect(await store.save('saving', ana, '1')).toBe(true);
  expect(await store.complete('done', ana, '2')).toBe(true);
  expect(await store.suspend('left', ana, { ...CALL, sentMs: 5_000, quietMs: 3_000 })).toBe(true);
  for (const name of ['running', 'saving']) expect(await store.claim(name, bea)).toEqual({ kind: 'busy' });
  expect(await store.claim('running', { fingerprint: 'other', token: 'bea' })).toEqual({ kind: 'conflict' });
  expect(await store.claim('done', bea)).toEqual({ kind: 'done', result: '2' });
  const left = resumedOf(await store.claim('left', bea)).sent;
  expect(left).toMatchObject({ serviceTimeMs: CALL.serviceTimeMs });
  expect(left?.sentMs).toBeGreaterThanOrEqual(5_000);
  expect(left?.quietMs).toBeGreaterThanOrEqual(3_000);
  expect(left?.quietMs).toBeLessThan(5_000);
  const after = await store.claim('new', bea);
  if (before.kind !== 'first' || after.kind !== 'first') throw new TypeError('first');
  expect(after.keptSince).toBeGreaterThan(before.keptSince);
  await pause(LEASE_MS + 100);
  const vanished = resumedOf(await store.claim('running', bea)).sent;
  expect(vanished?.sentMs).toBeGreaterThanOrEqual(5_000);
  expect(vanished?.quietMs).toBeLessThan(5_000);
});

test('after a loss of data no key can be claimed until holders had the time to restore theirs', async () => {
  const { store, redis } = await start(60_000, 500);
  expect(await store.claim('key', ana)).toEqual({ kind: 'busy' });
  await pause(600);
  expect(await store.claim('key', ana)).toMatchObject(FIRST);
  await redis.client.flushall();
  await store.beat();
  for (const name of ['key', 'new']) expect(await store.claim(name, bea)).toEqual({ kind: 'busy' });
  expect(await store.renew('key', ana, undefined)).toBe(true);
  await pause(600);
  expect(await store.claim('key', bea)).toEqual({ kind: 'busy' });
  expect(await store.claim('new', bea)).toMatchObject(FIRST);
});

test('a full Redis still returns stored outcomes, and everything else fails', async () => {
  const { store, redis } = await start();
  for (const name of ['done', 'running', 'left']) await store.claim(name, ana);
  await store.complete('done', ana, '1');
  await store.recordSend('left', 'ana', 7);
  await redis.client.config('SET', 'maxmemory', '1');
  expect(await store.claim('done', bea)).toEqual({ kind: 'done', result: '1' });
  for (const write of [
    () => store.beat(),
    () => store.claim('new', bea),
    () => store.recordSend('running', 'ana', 7),
    () => store.complete('running', ana, '1'),
    () => store.suspend('left', ana, CALL),
    () => store.own('id', 'done'),
  ])
    await expect(write()).rejects.toThrow(IdempotencyUnavailableError);
  expect(await store.free('running', 'ana')).toBe(true);
  await redis.client.config('SET', 'maxmemory', '0');
  // Failed commands have changed nothing.
  expect(await store.claim('left', bea)).toEqual({ kind: 'busy' });
  expect(await store.claim('new', bea)).toMatchObject(FIRST);
  expect(await store.suspend('left', ana, CALL)).toBe(true);
  expect(await store.claim('left', bea)).toMatchObject({ kind: 'resumed', sent: { serviceTimeMs: 7 } });
});

test('a holder that renews its lease keeps the key', async () => {
  const { store } = await start(LEASE_MS);
  await store.claim('key', ana);
  for (let nth = 0; nth < 4; nth += 1) {
    await pause(LEASE_MS / 2);
    expect(await store.renew('key', ana, undefined)).toBe(true);
    expect(await store.claim('key', bea)).toEqual({ kind: 'busy' });
  }
  // A late completion succeeds too, if no other holder has claimed the key.
  await pause(LEASE_MS + 100);
  expect(await store.complete('key', ana, '1')).toBe(true);
});

test('every stored key expires', async () => {
  const { store, redis } = await start();
  await store.claim('running', ana);
  await store.claim('saved', ana);
  await store.save('saved', ana, '1');
  await store.claim('left', ana);
  await store.suspend('left', ana, CALL);
  await store.claim('done', ana);
  await store.complete('done', ana, '1');
  await store.own('id', 'done');
  const names = await redis.client.keys('sigillo:idempotency:{keys}:*');
  expect(names).toHaveLength(6);
  for (const name of names) expect(await redis.client.pttl(name), name).toBeGreaterThan(0);
});

test('without Redis every method throws an error without stored data', async () => {
  const { store, server } = await start();
  await store.claim('key', ana);
  await server.kill();
  for (const ask of [
    () => store.claim('the name', bea),
    () => store.save('the name', ana, '"secret"'),
    () => store.ownerOf('the name'),
  ]) {
    const failure: unknown = await ask().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(IdempotencyUnavailableError);
    expect(JSON.stringify(failure) + String(failure)).not.toMatch(/the name|secret/);
  }
  await server.start();
  // Earlier records still exist.
  await expect.poll(() => store.claim('key', bea).catch(() => 'gone')).toEqual({ kind: 'busy' });
});
