import { expect, onTestFinished, test } from 'vitest';
import { connectRedis } from '../../src/redis/connection.ts';
import { makeCertificates } from '../support/certificates.ts';
import { startKeyed } from '../support/keyed.ts';
import { startSentinel } from '../support/redis-topologies.ts';
import { freePort } from '../support/redis.ts';
import { logSink } from '../support/service-proxy.ts';

async function start() {
  const world = await startSentinel();
  const { logger, lines } = logSink();
  const gateway = await startKeyed({ redisUrl: world.url, logger });
  const dossierId = await gateway.dossier();
  let nth = 0;
  return {
    ...world,
    gateway,
    redisLines: () => lines().filter(({ check }) => check === 'redis'),
    /** A request with a key that was never used. */
    create: () => gateway.createRequest({ idempotencyKey: `key-${(nth += 1)}`, dossierId }),
    retry: (key: number) => gateway.createRequest({ idempotencyKey: `key-${key}`, dossierId }),
    ready: async () => (await fetch(new URL('/ready', gateway.url))).status,
  };
}

test('after the primary dies the gateway continues with the new primary of the sentinels', async () => {
  const { primary, replica, create, retry, ready, redisLines } = await start();
  const { id } = await create();
  expect(id).toMatch(/^\w{26}$/);
  await expect.poll(() => replica.client.dbsize()).toBeGreaterThan(1);
  await primary.kill();
  await expect.poll(async () => (await create()).code).toBeUndefined();
  await expect.poll(ready).toBe(200);
  // The data of the first primary exists.
  expect(await retry(1)).toMatchObject({ id });
  await expect.poll(() => redisLines().at(-1)).toMatchObject({ level: 30 });
  expect(redisLines()).toHaveLength(2);
});

test('after a manual failover commands are retried at the new primary', async () => {
  const { replica, failover, create, ready, redisLines } = await start();
  await create();
  await failover();
  await expect.poll(() => replica.client.info('replication')).toContain('role:master');
  await expect.poll(async () => (await create()).code).toBeUndefined();
  expect(await ready()).toBe(200);
  expect(redisLines().filter(({ level }) => level === 40).length).toBeLessThanOrEqual(1);
});

test('unreachable sentinels, and sentinels without such a primary, are named at the start', async () => {
  const { url } = await startSentinel();
  const dead = `127.0.0.1:${await freePort()}`;
  await expect(connectRedis(`redis+sentinel://${dead}/main`)).rejects.toThrow(
    `Redis at ${dead} cannot be used: failed to connect to sentinel ${dead} because `,
  );
  await expect(connectRedis(url.replace('/main', '/other'))).rejects.toThrow(
    /cannot be used: failed to connect to sentinel .* because ERR No such master with that name\. /,
  );
});

test('sentinels and the servers that they name by address are reached over TLS', async () => {
  const { certificateFor } = makeCertificates();
  const { url, port } = await startSentinel({ certificate: certificateFor('DNS:localhost') });
  const redis = await connectRedis(`rediss+sentinel://localhost:${port}/main`);
  onTestFinished(() => redis.close());
  await redis.check();
  await expect(connectRedis(url.replace('redis', 'rediss'))).rejects.toThrow(
    /does not match certificate's altnames|Connection is closed/,
  );
});
