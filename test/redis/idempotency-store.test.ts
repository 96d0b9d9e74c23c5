import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createRedisStore } from '../../src/idempotency/redis-store.ts';
import { IdempotencyUnavailableError } from '../../src/idempotency/store.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { FIRST, resumedOf, storeCases, TTL_MS } from '../support/idempotency-store-cases.ts';
import { startRedis } from '../support/redis.ts';

const LEASE_MS = 400;
const ana = { fingerprint: 'input', token: 'ana' };
const bea = { fingerprint: 'input', token: 'bea' };

async function start(leaseMs = 60_000) {
  const server = await startRedis();
  const redis = await connectRedis(server.url, { commandTimeoutMs: 1_000 });
  onTestFinished(() => redis.close());
  return { server, redis, store: createRedisStore(redis, { ttlMs: TTL_MS, leaseMs }), pass: pause };
}

storeCases(start);

test('a holder who is silent for as long as their lease is taken for dead, and their call is unresolved', async () => {
  const { store } = await start(LEASE_MS);
  await store.claim('key', ana);
  await store.recordSend('key', 'ana', 7);
  expect(await store.claim('key', bea)).toEqual({ kind: 'busy' });
  await pause(LEASE_MS + 100);
  const { sent } = resumedOf(await store.claim('key', bea));
  expect(sent?.serviceTimeMs).toBe(7);
  expect(sent?.quietMs).toBeGreaterThanOrEqual(100);
  expect(sent?.sentMs).toBeGreaterThanOrEqual(LEASE_MS + 100);
  // The one who was thought dead comes back.
  expect(await store.recordSend('key', 'ana', 8)).toBe(false);
  expect(await store.complete('key', ana, '"late"')).toBe(false);
  expect(await store.save('key', ana, '"late"')).toBe(false);
  expect(await store.complete('key', bea, '"right"')).toBe(true);
  expect(await store.claim('key', ana)).toEqual({ kind: 'done', result: '"right"' });
});

test('a call stays unresolved since the first who may have waited for it was gone', async () => {
  const { store } = await start(LEASE_MS);
  await store.claim('key', ana);
  await store.recordSend('key', 'ana', 7);
  await pause(LEASE_MS + 100);
  const first = resumedOf(await store.claim('key', bea));
  // They look for it, and vanish too.
  await pause(LEASE_MS + 100);
  const second = resumedOf(await store.claim('key', ana));
  expect(second.sent?.quietMs).toBeGreaterThanOrEqual((first.sent?.quietMs ?? Infinity) + LEASE_MS);
});

test('a claim whose holder has vanished before anything was sent is as if it had never been', async () => {
  const { store } = await start(LEASE_MS);
  await store.claim('key', ana);
  await pause(LEASE_MS + 100);
  expect(await store.claim('key', { fingerprint: 'other', token: 'bea' })).toMatchObject(FIRST);
  expect(await store.recordSend('key', 'ana', 0)).toBe(false);
});

test('what Redis has lost its holder puts back, and the next knows that keys were lost', async () => {
  const { store, redis } = await start();
  await pause(50);
  await store.claim('running', ana);
  await store.claim('saving', ana);
  await store.claim('done', ana);
  await pause(50);
  const first = await store.claim('before', ana);
  await redis.client.flushall();
  expect(await store.recordSend('running', 'ana', 0)).toBe(false);
  expect(await store.renew('running', ana)).toBe(true);
  expect(await store.save('saving', ana, '1')).toBe(true);
  expect(await store.complete('done', ana, '2')).toBe(true);
  for (const name of ['running', 'saving']) expect(await store.claim(name, bea)).toEqual({ kind: 'busy' });
  expect(await store.claim('done', bea)).toEqual({ kind: 'done', result: '2' });
  const other = { fingerprint: 'other', token: 'bea' };
  expect(await store.claim('running', other)).toEqual({ kind: 'conflict' });
  const next = await store.claim('new', bea);
  if (first.kind !== 'first' || next.kind !== 'first') throw new TypeError('first');
  expect(first.keptMs).toBeGreaterThanOrEqual(50);
  expect(next.keptSince).toBeGreaterThan(first.keptSince);
});

test('a holder who gives a sign of life keeps the key', async () => {
  const { store } = await start(LEASE_MS);
  await store.claim('key', ana);
  for (let nth = 0; nth < 4; nth += 1) {
    await pause(LEASE_MS / 2);
    expect(await store.renew('key', ana)).toBe(true);
    expect(await store.claim('key', bea)).toEqual({ kind: 'busy' });
  }
  // Also late, as long as nobody else has come.
  await pause(LEASE_MS + 100);
  expect(await store.complete('key', ana, '1')).toBe(true);
});

test('every key that is kept has an end', async () => {
  const { store, redis } = await start();
  await store.claim('running', ana);
  await store.claim('saved', ana);
  await store.save('saved', ana, '1');
  await store.claim('left', ana);
  await store.suspend('left', 'ana', 0);
  await store.claim('done', ana);
  await store.complete('done', ana, '1');
  await store.own('id', 'done');
  const names = await redis.client.keys('sigillo:idempotency:{keys}:*');
  expect(names).toHaveLength(6);
  for (const name of names) expect(await redis.client.pttl(name), name).toBeGreaterThan(0);
});

test('without Redis each question is an error that holds nothing of what was asked', async () => {
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
  // What it was told before is still there.
  await expect.poll(() => store.claim('key', bea).catch(() => 'gone')).toEqual({ kind: 'busy' });
});
