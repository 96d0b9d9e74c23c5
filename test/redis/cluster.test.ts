import { Cluster } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { RedisIdempotencyStore } from '../../src/idempotency/redis-store.ts';
import { connectRedis } from '../../src/redis/connection.ts';
import { SharedWindow } from '../../src/upstream/rate-limit/shared-window.ts';
import { RedisWebhookStore } from '../../src/webhooks/redis-webhook-store.ts';
import { startKeyed } from '../support/keyed.ts';
import { startCluster } from '../support/redis-topologies.ts';
import { startRedis } from '../support/redis.ts';

const ana = { fingerprint: 'input', token: 'ana' };

async function connect(url: string) {
  const redis = await connectRedis(url);
  onTestFinished(() => redis.close());
  const states: string[] = [];
  redis.onChange((failure) => states.push(failure?.code ?? 'usable'));
  return { redis, states };
}

test.each(['all nodes', 'one node'])('a cluster named by %s serves every key', async (which) => {
  const { nodes, hosts, second } = await startCluster();
  const { redis } = await connect(`redis://${which === 'all nodes' ? hosts : second.url.host}`);
  expect(redis.client).toBeInstanceOf(Cluster);

  const keys = new RedisIdempotencyStore(redis, { ttlMs: 60_000, leaseMs: 60_000, putBackMs: 0 });
  const names = Array.from({ length: 60 }, (_, nth) => `name-${nth}`);
  for (const name of names) {
    expect(await keys.claim(name, ana)).toMatchObject({ kind: 'first' });
    expect(await keys.own(`id-of-${name}`, name)).toBe(true);
    expect(await keys.save(name, ana, '1')).toBe(true);
    expect(await keys.complete(name, ana, '"done"')).toBe(true);
    expect(await keys.ownerOf(`id-of-${name}`)).toBe(name);
  }

  const endpoints = ['one', 'other'];
  for (const realm of names.slice(0, 10)) {
    const webhooks = new RedisWebhookStore(redis, { realm });
    await webhooks.watch('request', 'before', 0);
    await webhooks.takeWatched(1, 1);
    await webhooks.bringForward('request', 0);
    const change = { from: 'before', to: 'after', dueInMs: 0, endpoints, messages: ['message'] };
    expect(await webhooks.change('request', change)).toEqual([]);
    expect(await webhooks.countQueued('one')).toBe(1);
    const { items } = await webhooks.takeQueued('other', 1, 1);
    expect(items).toEqual([{ key: 'request', message: 'message' }]);
    await webhooks.drop('other', { key: 'request', message: 'message' });
    expect(await webhooks.oldestQueuedMs('one')).toBeGreaterThanOrEqual(0);
  }

  for (const name of names.slice(0, 10)) {
    const window = new SharedWindow({ redis, name, limit: { calls: 10, windowMs: 30_000 } });
    onTestFinished(() => window.close());
    const { slots } = await window.take(10, 0);
    expect(slots).toHaveLength(10);
    slots[0]?.answered(5);
    slots[1]?.unused();
    slots[2]?.refused(1);
  }

  // Each node has a part of the keys and the key of the readiness check. Idempotency keys are on one node, which loses all of
  // them or none.
  for (const { client } of nodes) {
    expect(await client.dbsize()).toBeGreaterThan(10);
    expect(await client.keys('sigillo:ready:*')).toHaveLength(1);
  }
});

test('after a node dies its replica takes over without a restart of the gateway', async () => {
  const { first, hosts } = await startCluster({ replicas: 1 });
  const { redis, states } = await connect(`redis://${hosts}`);
  const keys = new RedisIdempotencyStore(redis, { ttlMs: 60_000, leaseMs: 60_000, putBackMs: 0 });
  const claims = async (token: string) =>
    Promise.all(
      Array.from({ length: 30 }, (_, nth) =>
        keys.claim(`${token}-${nth}`, { fingerprint: 'input', token }).then(
          ({ kind }) => kind,
          () => 'failed',
        ),
      ),
    );
  expect(new Set(await claims('ana'))).toEqual(new Set(['first']));
  await first.kill();
  await claims('bea');
  await expect.poll(() => redis.check().then(() => 'usable', String)).toBe('usable');
  await expect.poll(async () => new Set(await claims(crypto.randomUUID()))).toEqual(new Set(['first']));
  await expect.poll(() => states.at(-1) ?? 'usable').toBe('usable');
  expect(states.length).toBeLessThanOrEqual(2);
});

test('a cluster that was lost as a whole is found again', async () => {
  const { nodes, hosts } = await startCluster();
  const { redis, states } = await connect(`redis://${hosts}`);
  for (const node of nodes) await node.kill();
  await expect.poll(() => states).toHaveLength(1);
  for (const node of nodes) await node.start();
  await expect.poll(() => states.at(-1)).toBe('usable');
  await redis.check();
  expect(states).toHaveLength(2);
});

test('moved hash slots are followed', async () => {
  const { nodes, first, second, third, hosts } = await startCluster();
  const { redis, states } = await connect(`redis://${hosts}`);
  const keys = new RedisIdempotencyStore(redis, { ttlMs: 60_000, leaseMs: 60_000, putBackMs: 0 });
  const to = await second.client.cluster('MYID');
  const slots = Array.from({ length: 5_462 }, (_, slot) => slot);
  for (const { client } of [second, first, third]) {
    const pipeline = client.pipeline();
    for (const slot of slots) pipeline.cluster('SETSLOT', slot, 'NODE', to);
    await pipeline.exec();
  }
  for (let nth = 0; nth < 30; nth += 1)
    expect(await keys.claim(`name-${nth}`, ana)).toMatchObject({ kind: 'first' });
  expect(nodes).toHaveLength(3);
  expect(states).toEqual([]);
});

test('two gateways share a cluster as they share a server', async () => {
  const { hosts } = await startCluster();
  const one = await startKeyed({ redisUrl: `redis://${hosts}` });
  const other = await startKeyed({ redisUrl: `redis://${hosts.split(',')[1]}` }, one.sandbox);
  const dossierId = await one.dossier();
  for (let nth = 0; nth < 6; nth += 1) {
    const input = { idempotencyKey: `key-${nth}`, dossierId };
    const { id } = await one.createRequest(input);
    expect(id).toMatch(/^\w{26}$/);
    expect(await other.createRequest(input)).toMatchObject({ id });
  }
  expect(one.calls('createSignatureRequest')).toBe(6);
});

test('a database other than 0 of a cluster, and several servers without a cluster, are refused at the start', async () => {
  const { first, hosts } = await startCluster();
  const alone = await startRedis();
  await expect(connectRedis(`redis://${hosts}/1`)).rejects.toThrow(
    /^Database 1 of Redis at .* cannot be used: a cluster has database 0 only\. /,
  );
  await expect(connectRedis(`${first.url.href}/1`)).rejects.toThrow(
    /^Database 1 of Redis at .* cannot be used: ERR SELECT is not allowed in cluster mode\. /,
  );
  await expect(connectRedis(`redis://${alone.url.host},${alone.url.host}`)).rejects.toThrow(
    /cannot be used: ERR This instance has cluster support disabled\. /,
  );
});

test('a cluster without all of its hash slots is refused at the start with the reason', async () => {
  const { hosts, nodes } = await startCluster();
  for (const { client } of nodes) await client.cluster('DELSLOTS', 5);
  await expect.poll(() => nodes[0]?.client.cluster('INFO')).toContain('cluster_state:fail');
  await expect(connectRedis(`redis://${hosts}`)).rejects.toThrow(/cannot be used: .*CLUSTERDOWN/);
});
