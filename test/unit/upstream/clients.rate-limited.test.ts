import { expect, test } from 'vitest';
import { SERVICE_RETRIES } from '../../../src/upstream/pipeline/retry.ts';
import { sendJson } from '../../support/http-stub.ts';
import { READ, CREATE, clientAt, start, failureOf, ok } from './support-clients.ts';

test.each(['x-rate-limit-retry-after', 'retry-after'])(
  'a 429 is retried after the seconds of %s, also a POST',
  async (name) => {
    const { stub, client } = await start((call, res, req, nth) =>
      nth === 1 ? sendJson(res, 429, { detail: 'slow' }, { [name]: '1' }) : ok(call, res, req, nth),
    );
    const startedAt = performance.now();
    expect(await client.call(CREATE)).toEqual({ fine: true });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
    expect(stub.calls).toHaveLength(2);
  },
);

test('a 429 whose wait exceeds the deadline fails at once with the seconds', async () => {
  const { stub, client } = await start((_, res) =>
    sendJson(res, 429, { statusCode: 429, message: 'slow' }, { 'x-rate-limit-retry-after': '60' }),
  );
  const startedAt = performance.now();
  expect(await failureOf(client.call(READ))).toMatchObject({ kind: 'rate-limited', retryAfterSeconds: 60 });
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  expect(stub.calls).toHaveLength(1);
});

test('the header of the service precedes the standard one, unless it is not a number', async () => {
  const { stub, client } = await start((_, res, __, nth) =>
    sendJson(
      res,
      429,
      {},
      { 'x-rate-limit-retry-after': nth === 1 ? '61' : 'soon', 'retry-after': nth < 3 ? '62' : 'never' },
    ),
  );
  expect(await failureOf(client.call(READ))).toMatchObject({ retryAfterSeconds: 61 });
  // Another call, without a Retry-After.
  expect(await failureOf(clientAt(stub.origin).call(READ))).toMatchObject({ retryAfterSeconds: 62 });
});

const AN_HOUR_FROM_NOW = new Date(Date.now() + 3_600_000).toUTCString();

test.each([
  ['9999999', 86_400],
  ['9'.repeat(30), 86_400],
  [AN_HOUR_FROM_NOW, 3_600],
])('a 429 that asks for a wait of %s is not retried', async (value, seconds) => {
  for (const name of ['x-rate-limit-retry-after', 'retry-after']) {
    const { stub, client } = await start((_, res) => sendJson(res, 429, {}, { [name]: value }));
    const { kind, retryAfterSeconds = 0 } = await failureOf(client.call(READ));
    expect(kind).toBe('rate-limited');
    expect(retryAfterSeconds).toBeLessThanOrEqual(seconds);
    expect(retryAfterSeconds).toBeGreaterThan(seconds - 600);
    expect(stub.calls).toHaveLength(1);
  }
});

test('the longest wait of several Retry-After headers counts', async () => {
  const { client } = await start((_, res) => {
    res.setHeader('retry-after', ['61', '120']);
    sendJson(res, 429, {});
  });
  expect(await failureOf(client.call(READ))).toMatchObject({ retryAfterSeconds: 120 });
});

const NO_WAIT = ['0', '-1', '0.0', '', 'soon', 'Sun, 06 Nov 1994 08:49:37 GMT'];

test.each([
  ['within the limit of the key', 150],
  ['without a limit', 100_000],
])('a 429 without a wait is retried by the policy, %s', async (_, calls) => {
  const rateLimit = { calls, windowMs: 5_000 };
  const cases = ['x-rate-limit-retry-after', 'retry-after'].flatMap((name) =>
    NO_WAIT.map(async (value) => {
      const { stub, client } = await start((_call, res) => sendJson(res, 429, {}, { [name]: value }), {
        rateLimit,
        timeoutMs: 60_000,
      });
      for (const call of [READ, CREATE]) {
        const { kind, retryAfterSeconds } = await failureOf(client.call(call));
        expect({ kind, retryAfterSeconds }).toEqual({ kind: 'rate-limited', retryAfterSeconds: undefined });
      }
      return stub.calls.length;
    }),
  );
  const counts = await Promise.all(cases);
  expect(counts).toEqual(counts.map(() => 2 * SERVICE_RETRIES.attempts));
});
