import { expect, test } from 'vitest';
import { MemoryIdempotencyStore } from '../../../src/idempotency/memory-store.ts';
import { IdempotencyUnavailableError } from '../../../src/idempotency/idempotency-store.ts';
import { FIRST, storeCases, TTL_MS } from '../../support/idempotency-store-cases.ts';

storeCases(async () => {
  let time = 1_000_000;
  return {
    store: new MemoryIdempotencyStore({ ttlMs: TTL_MS, now: () => time }),
    pass: async (ms) => void (time += ms),
  };
});

const claim = { fingerprint: 'input', token: 'token' };

test('a holder keeps its key until it releases it, without a lease', async () => {
  let time = 0;
  const store = new MemoryIdempotencyStore({ ttlMs: 1_000, now: () => time });
  await store.claim('key', claim);
  time += 1_000_000;
  expect(await store.claim('key', { ...claim, token: 'another' })).toEqual({ kind: 'busy' });
  expect(await store.complete('key', claim, '1')).toBe(true);
});

test('changes of the system time have no effect', async () => {
  const store = new MemoryIdempotencyStore({ ttlMs: 60_000 });
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

test('beyond the limit the oldest results are dropped first, and never a key in use', async () => {
  const store = new MemoryIdempotencyStore({ ttlMs: 60_000, maxRecords: 100 });
  await store.claim('in use', claim);
  for (let nth = 0; nth < 1_000; nth += 1) {
    await store.claim(`key ${nth}`, claim);
    await store.complete(`key ${nth}`, claim, String(nth));
  }
  expect(await store.claim('key 999', claim)).toEqual({ kind: 'done', result: '999' });
  expect(await store.claim('key 899', claim)).toMatchObject(FIRST);
  expect(await store.claim('in use', { ...claim, token: 'another' })).toEqual({ kind: 'busy' });
});

test('a new key is refused when too many keys are in use', async () => {
  const store = new MemoryIdempotencyStore({ ttlMs: 60_000, maxRecords: 10 });
  for (let nth = 0; nth < 10; nth += 1) await store.claim(`key ${nth}`, claim);
  await expect(store.claim('one more', claim)).rejects.toThrow(IdempotencyUnavailableError);
  await store.complete('key 0', claim, '1');
  expect(await store.claim('one more', claim)).toMatchObject(FIRST);
});

test('the store reports the age of its data', async () => {
  let time = 1_000;
  const store = new MemoryIdempotencyStore({ ttlMs: 60_000, now: () => time });
  time += 250;
  expect(await store.claim('key', claim)).toEqual({ kind: 'first', keptSince: 1_000, keptMs: 250 });
});
