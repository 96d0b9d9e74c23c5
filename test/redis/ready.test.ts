import { expect, test } from 'vitest';
import { startRedis } from '../support/redis.ts';
import { logSink } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

test('a gateway is not ready while Redis is lost', async () => {
  const redis = await startRedis();
  const { logger, lines } = logSink();
  const { url } = await startGateway({ redisUrl: redis.url.href, logger });
  const status = async (): Promise<number> => (await fetch(new URL('/ready', url))).status;
  expect(await status()).toBe(200);
  await redis.kill();
  // The outcome of a check is kept for 5 s.
  await expect.poll(status).toBe(503);
  expect((await fetch(new URL('/health', url))).status).toBe(200);
  await redis.start();
  await expect.poll(status).toBe(200);
  expect(lines().filter(({ check }) => check === 'redis')).toMatchObject([
    { level: 40, msg: 'not ready: Redis cannot be used' },
    { level: 30, msg: 'ready: Redis can be used again' },
  ]);
});
