import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { connectRedis } from '../../src/redis/connection.ts';
import { RedisWebhookStore } from '../../src/webhooks/redis-webhook-store.ts';
import type { StoreLimits } from '../../src/webhooks/webhook-store.ts';
import { WebhookStoreError } from '../../src/webhooks/webhook-store.ts';
import { startRedis } from '../support/redis.ts';
import { storeCases } from '../support/webhook-store-cases.ts';

const realm = 'https://service.example/api';

async function start(limits: StoreLimits = {}) {
  const server = await startRedis();
  const redis = await connectRedis(server.url, { commandTimeoutMs: 1_000 });
  onTestFinished(() => redis.close());
  return { server, redis, store: new RedisWebhookStore(redis, { ...limits, realm }), pass: pause };
}

storeCases(start);

const CHANGE = { from: 'a', to: 'b', dueInMs: 0, endpoints: ['one'], messages: ['m'] };

test.each(['{', '[]', '{}', '[1]', '', 'null', '"text"'])(
  'a queue that contains %j counts as one message, and blocks nothing',
  async (rubbish) => {
    const { store, redis } = await start();
    for (const key of ['x', 'y', 'z']) await store.watch(key, 'a', 60_000);
    for (const key of ['x', 'y']) await store.change(key, { ...CHANGE, to: 'a', dueInMs: 60_000 });
    const [queue = ''] = await redis.client.keys('sigillo:{webhooks*:queue:one');
    for (const key of ['x', 'y']) await redis.client.hset(queue, key, rubbish);
    for (const key of ['y', 'z']) await store.change(key, { ...CHANGE, messages: ['next'] });
    const taken = new Map(
      (await store.takeQueued('one', 10, 60_000)).items.map((one) => [one.key, one.message]),
    );
    expect(taken).toEqual(
      new Map([
        ['x', rubbish],
        ['y', rubbish],
        ['z', 'next'],
      ]),
    );
    for (const key of ['x', 'y']) expect(await store.drop('one', { key, message: rubbish })).toBe(true);
    expect((await store.takeQueued('one', 10, 60_000)).items).toEqual([{ key: 'y', message: 'next' }]);
    expect(await store.countQueued('one')).toBe(2);
  },
);

test('gateways of different services share nothing', async () => {
  const { store, redis } = await start();
  await store.watch('x', 'a', 0);
  await store.change('x', CHANGE);
  const other = new RedisWebhookStore(redis, { realm: 'https://other.example' });
  expect(await other.recordOf('x')).toBeUndefined();
  expect(await other.takeWatched(10, 100)).toMatchObject({ items: [] });
  expect(await other.takeQueued('one', 10, 100)).toMatchObject({ items: [] });
});

test('every key expires, has one hash tag, and is removed when it is empty', async () => {
  const { store, redis } = await start();
  await store.watch('x', 'a', 0);
  await store.change('x', CHANGE);
  const names = await redis.client.keys('sigillo:{webhooks:*');
  expect(names).toHaveLength(4);
  for (const name of names) {
    expect(await redis.client.pttl(name), name).toBeGreaterThan(0);
    expect(name).toMatch(/^sigillo:\{webhooks:[\w-]{22}\}:(?:due|records|(?:turns|queue):one)$/);
  }
  await store.drop('one', { key: 'x', message: 'm' });
  await store.change('x', { ...CHANGE, from: 'b', to: undefined, messages: [] });
  expect(await redis.client.keys('sigillo:{webhooks:*')).toEqual([]);
});

test('without Redis every method throws an error without stored data', async () => {
  const { store, server } = await start();
  await server.kill();
  for (const ask of [
    () => store.watch('the name', 'secret', 0),
    () => store.change('the name', { ...CHANGE, messages: ['secret'] }),
    () => store.takeQueued('the name', 1, 1),
    () => store.countQueued('the name'),
  ]) {
    const failure: unknown = await ask().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WebhookStoreError);
    expect(JSON.stringify(failure) + String(failure)).not.toMatch(/the name|secret/);
  }
});
