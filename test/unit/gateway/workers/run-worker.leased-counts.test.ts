import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FixedWindows } from '../../../../src/http/rate-limit.ts';
import { LeasedCounts } from '../../../../src/gateway/workers/run-worker.ts';

/** Workers that lease from one primary, which answers a little later. */
function startWorkers(count: number, perMinute: number) {
  const primary = new FixedWindows(perMinute, 60_000);
  let asked = 0;
  const lease = async (key: string) => {
    asked += 1;
    await pause(1);
    return primary.lease(key);
  };
  return { workers: Array.from({ length: count }, () => new LeasedCounts(lease)), asked: () => asked };
}

/** How many of these requests, one after the other, are within the limit. */
async function passedOf(worker: LeasedCounts | undefined, requests: number): Promise<number> {
  let passed = 0;
  for (let nth = 0; nth < requests; nth += 1) if ((await worker?.take('anna')) === 0) passed += 1;
  return passed;
}

test('workers never exceed the limit together, and refuse at most a hundredth of it for each other worker', async () => {
  const cases = fc.record({
    perMinute: fc.integer({ min: 1, max: 2_000 }),
    turns: fc.array(fc.record({ worker: fc.nat({ max: 2 }), requests: fc.nat({ max: 700 }) }), {
      maxLength: 12,
    }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ perMinute, turns }) => {
      const { workers } = startWorkers(3, perMinute);
      let [passed, sent] = [0, 0];
      for (const { worker, requests } of turns) {
        passed += await passedOf(workers[worker], requests);
        sent += requests;
      }
      const stranded = 2 * (Math.ceil(perMinute / 100) - 1);
      expect(passed).toBeLessThanOrEqual(perMinute);
      expect(passed).toBeGreaterThanOrEqual(Math.min(sent, perMinute - stranded));
    }),
    { numRuns: 60 },
  );
});

test('concurrent requests of a client wait for one lease', async () => {
  const { workers, asked } = startWorkers(2, 1_000);
  const waits = await Promise.all(Array.from({ length: 10 }, () => workers[0]?.take('anna')));
  expect(waits).toEqual(waits.map(() => 0));
  expect(asked()).toBe(1);
});

test('a refused client learns how long to wait, and the primary is not asked again', async () => {
  const { workers, asked } = startWorkers(1, 2);
  const [worker] = workers;
  await passedOf(worker, 2);
  const waitMs = (await worker?.take('anna')) ?? 0;
  expect(waitMs).toBeGreaterThan(0);
  expect(waitMs).toBeLessThanOrEqual(60_000);
  const before = asked();
  await passedOf(worker, 100);
  expect(asked()).toBe(before);
  expect(await worker?.take('bruno')).toBe(0);
});

test('a request that is given back may be counted again', async () => {
  const { workers } = startWorkers(1, 2);
  const [worker] = workers;
  expect(await passedOf(worker, 3)).toBe(2);
  worker?.giveBack('anna');
  expect(await passedOf(worker, 2)).toBe(1);
});
