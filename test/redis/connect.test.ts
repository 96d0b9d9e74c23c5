import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTo, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { RedisIdempotencyStore } from '../../src/idempotency/redis-store.ts';
import { connectRedis } from '../../src/redis/connection.ts';
import type { RedisOptions, RedisConnection } from '../../src/redis/connection.ts';
import { RedisUnavailableError } from '../../src/redis/redis-errors.ts';
import { startRedis } from '../support/redis.ts';

async function connect(url: URL | string, options: RedisOptions = {}) {
  const redis = await connectRedis(url, options);
  onTestFinished(() => redis.close());
  const states: string[] = [];
  redis.onChange((failure) => states.push(failure?.code ?? 'usable'));
  return { redis, states };
}

const SET = `return redis.call('SET', KEYS[1], ARGV[1])`;
const set = (redis: RedisConnection, value: string): Promise<unknown> =>
  redis.run(SET, ['key'], [value], z.unknown());
const get = (redis: RedisConnection): Promise<unknown> =>
  redis.ask((client) => client.get('key'), z.unknown());
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (failure: { code?: unknown }) => failure.code,
  );

test('a lost Redis is reported once, and once when it is back', async () => {
  const server = await startRedis();
  const { redis, states } = await connect(server.url);
  await set(redis, 'value');
  await server.kill();
  await expect.poll(() => states).toEqual(['ECONNREFUSED']);
  // It has been gone for long enough.
  const before = performance.now();
  expect(await codeOf(get(redis))).toBe('ECONNREFUSED');
  expect(performance.now() - before).toBeLessThan(500);
  await server.start();
  await expect.poll(() => states).toEqual(['ECONNREFUSED', 'usable']);
  expect(await get(redis)).toBe('value');
});

test('a restart of Redis loses no command and is not reported', async () => {
  const server = await startRedis();
  const { redis, states } = await connect(server.url, { commandTimeoutMs: 20_000 });
  await server.kill();
  const pending = set(redis, 'value');
  await server.start();
  expect(await pending).toBe('OK');
  expect(states).toEqual([]);
});

test('a command in flight when Redis is lost fails and is not retried', async () => {
  const server = await startRedis();
  const { redis } = await connect(server.url, { commandTimeoutMs: 60_000 });
  server.freeze();
  const pending = expect(redis.ask((client) => client.incr('counter'), z.number())).rejects.toThrow();
  await server.kill();
  await pending;
  await server.start();
  await expect.poll(() => server.client.get('counter').catch(() => 'gone')).toBeNull();
});

test('a command to a hanging Redis times out', async () => {
  const server = await startRedis();
  const { redis } = await connect(server.url, { commandTimeoutMs: 100 });
  server.freeze();
  expect(await codeOf(get(redis))).toBe('TIMEOUT');
  server.thaw();
  await expect.poll(() => set(redis, 'value').catch(() => 'gone')).toBe('OK');
});

test('a server that became a replica is replaced by the server that its address resolves to now', async () => {
  const [one, other] = [await startRedis(), await startRedis()];
  let { port } = one;
  const proxy = createServer((socket) => {
    const server = connectTo(port, '127.0.0.1');
    socket.on('error', () => {}).pipe(server);
    server.on('error', () => {}).pipe(socket);
    socket.on('close', () => server.destroy());
    server.on('close', () => socket.destroy());
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void proxy.close());
  await once(proxy, 'listening');
  // A server that listens on TCP has an address of this form.
  const { redis, states } = await connect(`redis://127.0.0.1:${(proxy.address() as AddressInfo).port}`, {
    commandTimeoutMs: 20_000,
  });
  await set(redis, 'before');
  await one.client.replicaof('127.0.0.1', other.port);
  const changes = Array.from({ length: 5 }, (_, nth) => set(redis, `during-${nth}`));
  await expect.poll(() => one.client.info('stats')).toMatch(/total_error_replies:[1-9]/);
  port = other.port;
  expect(await Promise.all(changes)).toEqual(changes.map(() => 'OK'));
  expect(await other.client.get('key')).toMatch(/^during-/);
  expect(states).toEqual([]);
});

test('a script is sent once, and its hash afterwards', async () => {
  const server = await startRedis();
  const { redis } = await connect(server.url);
  for (const value of ['a', 'b', 'c']) await set(redis, value);
  await server.client.script('FLUSH');
  await set(redis, 'd');
  const stats = await server.client.info('commandstats');
  const callsOf = (name: string): number =>
    Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1]);
  // The text of the probe too, and the second text after the server had forgotten it.
  expect([callsOf('eval'), callsOf('evalsha')]).toEqual([3, 3]);
  expect(await get(redis)).toBe('d');
});

test('an unreachable Redis at the start is an error that names it', async () => {
  const server = await startRedis();
  await server.kill();
  await expect(connect(server.url)).rejects.toThrow(
    new RedisUnavailableError(
      `Redis at ${server.url.host} cannot be used: connect ECONNREFUSED ${server.url.host}. Set REDIS_URL to one that runs, or leave it out.`,
    ),
  );
  // A name with several addresses has an error for each, and no message of its own.
  await expect(connect(`redis://localhost:${server.port}`)).rejects.toThrow(
    / cannot be used: \S.*ECONNREFUSED/,
  );
});

test('a wrong password is an error that does not contain it', async () => {
  const server = await startRedis();
  await server.client.config('SET', 'requirepass', 'the right one');
  const url = new URL(server.url);
  url.password = 'the-wrong-one';
  await expect(connect(url)).rejects.toThrow(/ cannot be used: WRONGPASS (?!.*the-wrong-one)/);
  url.password = 'the%20right%20one';
  await connect(url);
});

test('the error of a server without AUTH does not contain the password', async () => {
  const server = await startRedis({
    settings: { 'rename-command': ['HELLO', '', '--rename-command', 'AUTH', ''] },
  });
  const url = `redis://:the-password@127.0.0.1:${server.port}`;
  await expect(connect(url)).rejects.toThrow(/ cannot be used: ERR unknown command 'auth'(?!.*the-password)/);
});

test('the documented permissions are sufficient', async () => {
  const server = await startRedis();
  const rights = '+@read +@write +@scripting +@connection +time ~sigillo:*';
  expect(readFileSync('docs/operations.md', 'utf8')).toContain(`\`${rights}\``);
  await server.client.acl('SETUSER', 'sigillo', 'on', '>pass', ...rights.split(' '));
  const { redis } = await connect(`redis://sigillo:pass@${server.url.host}`);
  const store = new RedisIdempotencyStore(redis, { ttlMs: 60_000, leaseMs: 60_000, putBackMs: 0 });
  expect(await store.claim('key', { fingerprint: 'input', token: 'ana' })).toMatchObject({ kind: 'first' });
  expect(await codeOf(set(redis, 'value'))).toBe('NOPERM');
});

test('a missing database prevents the start, and no other is used', async () => {
  const server = await startRedis({ settings: { databases: '1' } });
  await expect(connect(`${server.url.href}/1`)).rejects.toThrow(
    new RedisUnavailableError(
      `Database 1 of Redis at ${server.url.host} cannot be used: ERR DB index is out of range. Set REDIS_URL to a database that exists, and give each environment its own Redis if there is only one.`,
    ),
  );
  expect(await server.client.dbsize()).toBe(0);
  await connect(`${server.url.href}/0`);
});

test('a database that is missing after a restart is not replaced by another', async () => {
  const server = await startRedis({ settings: { databases: '2' } });
  const { redis, states } = await connect(`${server.url.href}/1`);
  await set(redis, 'value');
  await server.kill();
  const other = await startRedis({ settings: { databases: '1' }, port: server.port });
  await expect.poll(() => states).toEqual(['ERR']);
  expect(await codeOf(set(redis, 'other'))).toBe('ERR');
  expect(await other.client.dbsize()).toBe(0);
});

test.each([
  ['a replica', { replicaof: '127.0.0.1 1', 'replica-serve-stale-data': 'yes' }, 'READONLY'],
  ['a full server', { maxmemory: '1', 'maxmemory-policy': 'noeviction' }, 'OOM'],
])('a start with %s is refused, as nothing can be written', async (_, settings, code) => {
  const server = await startRedis({ settings });
  await expect(connect(server.url)).rejects.toThrow(` cannot be used: ${code} `);
});

test('a server other than Redis, or one that hangs, is an error', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await expect.poll(() => silent.listening).toBe(true);
  // A server that listens on TCP has an address of this form.
  const { port } = silent.address() as AddressInfo;
  await expect(connect(`redis://127.0.0.1:${port}`, { commandTimeoutMs: 100 })).rejects.toThrow(
    / cannot be used: no answer\. /,
  );
});

test('a command that expires before it is sent causes no warning of a negative timeout', async () => {
  const server = await startRedis();
  const { redis } = await connect(server.url);
  const warnings: string[] = [];
  const note = ({ name }: Error): void => void warnings.push(name);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  await redis.ask((client) => client.ping(), z.unknown(), -100).catch(() => undefined);
  await setImmediate();
  expect(warnings).toEqual([]);
});
