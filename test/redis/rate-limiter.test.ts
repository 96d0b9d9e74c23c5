import { expect, test } from 'vitest';
import { startRedis } from '../support/redis.ts';
import { startGateway } from '../support/start-gateway.ts';

/** A fifth of the limit of the service in a tenth of its window, in the gateways and in the sandbox. */
const LIMIT = { calls: 30, windowMs: 500 };
const NOTHING = { data: { signatureRequest: null } };

type Gateway = Pick<Awaited<ReturnType<typeof startGateway>>, 'run'>;

let nth = 0;
/** The given number of concurrent reads, each of a different request that does not exist. */
const flood = ({ run }: Gateway, count: number): Promise<unknown>[] =>
  Array.from({ length: count }, () => run(`{ signatureRequest(id: "none-${(nth += 1)}") { id } }`));

/** Two gateways with one key, in front of one service. */
async function startTwo() {
  const redis = await startRedis();
  const options = { redisUrl: redis.url.href, rateLimit: LIMIT };
  const one = await startGateway(options, { rateLimit: LIMIT });
  const { sandbox } = one;
  const other = await startGateway({ ...options, apiUrl: new URL(sandbox.url) });
  return { redis, one, other, refusals: () => sandbox.journal.entries({ status: 429 }).length };
}

test('two gateways with one key share its rate budget, and all calls are answered', async () => {
  const { one, other, refusals } = await startTwo();
  const answers = await Promise.all([...flood(one, 3 * LIMIT.calls), ...flood(other, 3 * LIMIT.calls)]);
  expect(answers).toEqual(answers.map(() => NOTHING));
  // Only calls in flight for more than half a second are refused, on a busy machine.
  expect(refusals()).toBeLessThan(LIMIT.calls / 5);
});

test('a busy gateway does not starve another', async () => {
  const { one, other } = await startTwo();
  let done = 0;
  const many = flood(one, 6 * LIMIT.calls).map((answer) => answer.then(() => (done += 1)));
  await expect.poll(() => done).toBeGreaterThan(0);
  await Promise.all(flood(other, 10));
  expect(done).toBeLessThan(5 * LIMIT.calls);
  await Promise.all(many);
});

test('losing Redis and getting it back fails no call', async () => {
  const { redis, one, other, refusals } = await startTwo();
  const answers: Promise<unknown>[] = [];
  answers.push(...flood(one, LIMIT.calls), ...flood(other, LIMIT.calls));
  await Promise.all(answers);
  await redis.kill();
  answers.push(...flood(one, LIMIT.calls), ...flood(other, LIMIT.calls));
  await Promise.all(answers);
  await redis.start();
  answers.push(...flood(one, 3 * LIMIT.calls), ...flood(other, 3 * LIMIT.calls));
  const all = await Promise.all(answers);
  expect(all).toEqual(all.map(() => NOTHING));
  // Calls in flight when Redis was lost may be counted by no gateway; such calls are retried.
  expect(refusals()).toBeLessThan(LIMIT.calls);
});
