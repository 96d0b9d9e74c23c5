import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { connectRedis } from '../../src/redis/connection.ts';
import type { Slot } from '../../src/upstream/rate-limit/rate-window.ts';
import { SharedWindow } from '../../src/upstream/rate-limit/shared-window.ts';
import { startRedis } from '../support/redis.ts';

/** Longer than any test, so that no call leaves the window. */
const LIMIT = { calls: 10, windowMs: 30_000 };

async function start(limit = LIMIT) {
  const server = await startRedis();
  async function gateway(name = 'a-key') {
    const redis = await connectRedis(server.url);
    const window = new SharedWindow({ redis, name, limit });
    onTestFinished(() => {
      window.close();
      redis.close();
    });
    const take = async (wanted: number, reserve = 0): Promise<readonly Slot[]> =>
      (await window.take(wanted, reserve)).slots;
    return {
      redis,
      window,
      take,
      count: async (wanted: number, reserve = 0) => (await take(wanted, reserve)).length,
      /** The number of free slots, which are released again. */
      async free(): Promise<number> {
        const slots = await take(100);
        for (const slot of slots) slot.unused();
        return slots.length;
      },
    };
  }
  return { server, gateway, one: await gateway(), other: await gateway() };
}

test('two gateways together have the rate budget of one', async () => {
  const { one, other } = await start();
  expect([await one.count(6), await other.count(6), await one.count(6)]).toEqual([6, 4, 0]);
  const { retryInMs } = await other.window.take(1, 0);
  expect(retryInMs).toBeGreaterThan(29_000);
});

test('each key has its own window', async () => {
  const { gateway, one } = await start();
  expect([await one.count(10), await (await gateway('another')).count(10)]).toEqual([10, 10]);
});

test('of two gateways that want more slots than are free, neither takes all', async () => {
  const { one, other } = await start();
  expect([await one.count(10), await other.count(10)]).toEqual([10, 0]);
  const { one: first, other: second } = await start();
  await first.count(2);
  // Both must wait, and one of them requests first.
  await second.count(20);
  expect(await first.count(20)).toBe(0);
});

test('a gateway leaves a waiting one an equal share of the free slots', async () => {
  const { one, other } = await start();
  const held = await one.take(10);
  expect(await other.count(10)).toBe(0); // waits from now on
  for (const slot of held) slot.unused();
  await expect.poll(() => one.redis.client.zcard('sigillo:{budget:a-key}:slots')).toBe(0);
  expect([await one.count(10), await other.count(10)]).toEqual([5, 3]);
});

test('the reserve stays free for all gateways', async () => {
  const { one, other } = await start();
  expect([await one.count(10, 2), await other.count(10, 2), await other.count(10)]).toEqual([8, 0, 2]);
});

test('a call counts until a window after its answer, or half a second after it was sent', async () => {
  const { one, other } = await start({ calls: 10, windowMs: 1_000 });
  const [first, second, ...rest] = await one.take(10);
  for (const slot of rest) slot.unused();
  first?.answered(undefined);
  second?.unused();
  await expect.poll(() => other.redis.client.zcard('sigillo:{budget:a-key}:slots')).toBe(1);
  expect(await other.count(10)).toBe(9);
  await expect.poll(() => other.count(1)).toBe(1);
});

test('all gateways learn the remaining calls that the service reports', async () => {
  const { one, other } = await start();
  const [slot] = await one.take(1);
  // Seven calls, one of them from these gateways.
  slot?.answered(3);
  await expect.poll(() => one.redis.client.hget('sigillo:{budget:a-key}:state', 'foreign')).toBe('6');
  expect(await other.count(10)).toBe(3);
});

test('calls that leave the window while another is in flight do not count as foreign', async () => {
  const { one, other } = await start({ calls: 10, windowMs: 1_000 });
  const slots = await one.take(9);
  for (const slot of slots) slot.answered(undefined);
  const [late] = await other.take(1);
  // The service has counted ten, and then works on the last for as long as the others need to leave.
  await expect.poll(() => one.count(1)).toBe(1);
  late?.answered(0);
  await expect.poll(() => one.redis.client.zcard('sigillo:{budget:a-key}:slots')).toBe(2);
  expect(await other.count(10)).toBe(8);
});

test('the calls of another gateway do not count as foreign', async () => {
  const { one, other } = await start();
  await other.count(5);
  const [slot] = await one.take(1);
  slot?.answered(4);
  await pause(100);
  expect(await one.count(10)).toBe(4);
});

test('a refusal closes the window of all gateways', async () => {
  const { one, other } = await start();
  const [slot] = await one.take(1);
  slot?.refused(2);
  await expect.poll(() => one.redis.client.hexists('sigillo:{budget:a-key}:state', 'closedUntil')).toBe(1);
  const { slots, retryInMs } = await other.window.take(1, 0);
  expect(slots).toEqual([]);
  expect(retryInMs).toBeGreaterThan(1_000);
  expect(retryInMs).toBeLessThanOrEqual(2_000);
});

test.each(['kill', 'freeze'] as const)(
  'when Redis is lost (%s) each gateway has its share at once, and all share again when it is back',
  async (lose) => {
    const { server, one, other } = await start({ calls: 10, windowMs: 500 });
    for (const gateway of [one, other, one]) await gateway.count(1); // now each knows the other
    await server[lose]();
    // The first reservation notices the loss after its timeout; from then on the window is local.
    const startedAt = performance.now();
    await one.count(1);
    await other.count(1);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    await expect.poll(() => one.free()).toBe(5);
    await expect.poll(() => other.free()).toBe(5);

    await (lose === 'kill' ? server.start() : server.thaw());
    // The shares apply until those calls have left every window.
    await expect.poll(() => one.free()).toBe(10);
    await expect.poll(() => other.free()).toBe(10);
    await expect.poll(() => one.redis.client.zcard('sigillo:{budget:a-key}:slots')).toBe(0); // all given back
    expect([await one.count(8), await other.count(8)]).toEqual([8, 2]);
  },
);

test('a closed window makes no more checks', async () => {
  const { server, one } = await start();
  const [slot] = await one.take(1);
  one.window.close();
  await server.kill();
  slot?.answered(undefined);
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  await pause(300);
  const before = timers();
  await pause(1_100);
  expect(timers()).toBeLessThanOrEqual(before);
});
