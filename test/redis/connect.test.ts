import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connectRedis, RedisUnavailableError } from '../../src/redis/connect.ts';
import type { RedisOptions } from '../../src/redis/connect.ts';
import { startRedis } from '../support/redis.ts';

async function connect(url: URL, options: RedisOptions = {}) {
  const redis = await connectRedis(url, options);
  onTestFinished(() => redis.disconnect());
  return redis;
}

test('commands fail at once while Redis is gone, and work when it is back', async () => {
  const server = await startRedis();
  const changes: boolean[] = [];
  const redis = await connect(server.url, { onChange: (isUp) => changes.push(isUp) });
  await redis.set('key', 'value');
  await server.kill();
  await expect.poll(() => changes).toEqual([false]);
  const before = performance.now();
  await expect(redis.get('key')).rejects.toThrow();
  expect(performance.now() - before).toBeLessThan(500);
  await server.start();
  await expect.poll(() => changes).toEqual([false, true]);
  expect(await redis.get('key')).toBe('value');
});

test('a command that was under way when Redis went is given up and not sent again', async () => {
  const server = await startRedis();
  const redis = await connect(server.url, { commandTimeoutMs: 60_000 });
  server.freeze();
  const pending = expect(redis.incr('counter')).rejects.toThrow();
  await server.kill();
  await pending;
  await server.start();
  await expect.poll(() => redis.get('counter').catch(() => 'gone')).toBeNull();
});

test('a Redis that hangs is not waited for', async () => {
  const server = await startRedis();
  const redis = await connect(server.url, { commandTimeoutMs: 100 });
  server.freeze();
  await expect(redis.get('key')).rejects.toThrow('Command timed out');
  server.thaw();
  await expect.poll(() => redis.set('key', 'value').catch(() => 'gone')).toBe('OK');
});

test('one that is not there when the gateway starts is an error that names it', async () => {
  const server = await startRedis();
  await server.kill();
  await expect(connect(server.url)).rejects.toThrow(
    new RedisUnavailableError(
      `Redis at ${server.url.host} cannot be used: connect ECONNREFUSED ${server.url.host}. Set REDIS_URL to one that runs, or leave it out.`,
    ),
  );
});

test('a password that is wrong is an error that does not show it', async () => {
  const server = await startRedis();
  const admin = await connect(server.url);
  await admin.config('SET', 'requirepass', 'the right one');
  const url = new URL(server.url);
  url.password = 'the-wrong-one';
  await expect(connect(url)).rejects.toThrow(/ cannot be used: WRONGPASS (?!.*the-wrong-one)/);
  url.password = 'the%20right%20one';
  expect(await (await connect(url)).ping()).toBe('PONG');
});

test('something that is no Redis, or hangs, is an error too', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await expect.poll(() => silent.listening).toBe(true);
  // A server that listens on TCP has an address of this form.
  const { port } = silent.address() as AddressInfo;
  await expect(connect(new URL(`redis://127.0.0.1:${port}`), { commandTimeoutMs: 100 })).rejects.toThrow(
    / cannot be used: no answer\. /,
  );
});
