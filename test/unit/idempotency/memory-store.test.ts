import { expect, test } from 'vitest';
import { createMemoryStore } from '../../../src/idempotency/memory-store.ts';
import { IdempotencyUnavailableError } from '../../../src/idempotency/store.ts';
import { FIRST, storeCases, TTL_MS } from '../../support/idempotency-store-cases.ts';

storeCases(async () => {
  let time = 1_000_000;
  return {
    store: createMemoryStore({ ttlMs: TTL_MS, now: () => time }),
    pass: async (ms) => void (time += ms),
  };
});

const claim = { fingerprint: 'input', token: 'token' };

test('whoever holds a key in this process holds it until they let go, however long that takes', async () => {
  let time = 0;
  const store = createMemoryStore({ ttlMs: 1_000, now: () => time });
  await store.claim('key', claim);
  time += 1_000_000;
  expect(await store.claim('key', { ...claim, token: 'another' })).toEqual({ kind: 'busy' });
  expect(await store.complete('key', claim, '1')).toBe(true);
});

test('a clock that is set forward or back makes no difference', async () => {
  const store = createMemoryStore({ ttlMs: 60_000 });
  await store.claim('key', claim);
  await store.complete('key', claim, '1');
  const real = Date.now;
  try {
    for (const jump of [-1e12, 1e12]) {
      Date.now = () => real() + jump;
      expect(await store.claim('key', claim)).toEqual({ kind: 'done', result: '1' });
    }
  } finally {
    Date.now = real;
  }
});

test('with many results the oldest are forgotten first, and never a key that is in use', async () => {
  const store = createMemoryStore({ ttlMs: 60_000, maxRecords: 100 });
  await store.claim('in use', claim);
  for (let nth = 0; nth < 1_000; nth += 1) {
    await store.claim(`key ${nth}`, claim);
    await store.complete(`key ${nth}`, claim, String(nth));
  }
  expect(await store.claim('key 999', claim)).toEqual({ kind: 'done', result: '999' });
  expect(await store.claim('key 899', claim)).toMatchObject(FIRST);
  expect(await store.claim('in use', { ...claim, token: 'another' })).toEqual({ kind: 'busy' });
});

test('with more keys in use than can be kept, a new one is refused', async () => {
  const store = createMemoryStore({ ttlMs: 60_000, maxRecords: 10 });
  for (let nth = 0; nth < 10; nth += 1) await store.claim(`key ${nth}`, claim);
  await expect(store.claim('one more', claim)).rejects.toThrow(IdempotencyUnavailableError);
  await store.complete('key 0', claim, '1');
  expect(await store.claim('one more', claim)).toMatchObject(FIRST);
});

test('the store says since when it has kept what it was told', async () => {
  let time = 1_000;
  const store = createMemoryStore({ ttlMs: 60_000, now: () => time });
  time += 250;
  expect(await store.claim('key', claim)).toEqual({ kind: 'first', keptSince: 1_000, keptMs: 250 });
});
