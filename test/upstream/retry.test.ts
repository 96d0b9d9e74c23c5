import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UpstreamError } from '../../src/upstream/errors.ts';
import type { UpstreamErrorKind } from '../../src/upstream/errors.ts';
import { pauseBeforeRepeat } from '../../src/upstream/retry.ts';

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0.1);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const open = () => ({ signal: new AbortController().signal, endsAt: performance.now() + 10_000 });
const failure = (kind: UpstreamErrorKind, retryAfterSeconds?: number): UpstreamError =>
  new UpstreamError({ operation: 'getDossier', kind, retryAfterSeconds });

/** The table in `retry.ts`. */
test.each<[UpstreamErrorKind, boolean, boolean]>([
  ['unreachable', true, true],
  ['rate-limited', true, true],
  ['connection-lost', true, false],
  ['server-error', true, false],
  ['timeout', false, false],
  ['aborted', false, false],
  ['bad-request', false, false],
  ['unauthorized', false, false],
  ['forbidden', false, false],
  ['not-found', false, false],
  ['unprocessable', false, false],
  ['contract', false, false],
])('%s is repeated for GET: %s, for POST and PUT: %s', async (kind, get, others) => {
  const repeated = (method: string) => pauseBeforeRepeat({ method }, failure(kind), 1, open());
  expect([await repeated('GET'), await repeated('POST'), await repeated('PUT')]).toEqual([
    get,
    others,
    others,
  ]);
});

test('a call is made three times at most', async () => {
  const repeated = [1, 2, 3, 4].map((attempts) =>
    pauseBeforeRepeat({ method: 'GET' }, failure('unreachable'), attempts, open()),
  );
  expect(await Promise.all(repeated)).toEqual([true, true, false, false]);
});

test('a streamed body is not sent again', async () => {
  const call = { method: 'POST', body: { contentType: 'a/b', chunks: [] } };
  expect(await pauseBeforeRepeat(call, failure('unreachable'), 1, open())).toBe(false);
});

test.each([
  [1, 0.5, 50],
  [2, 0.5, 100],
  [1, 0.999, 100],
])('the pause before repeat %i is a share of its bound: %d of it is %i ms', async (attempts, share, ms) => {
  vi.mocked(Math.random).mockReturnValue(share);
  const startedAt = performance.now();
  await pauseBeforeRepeat({ method: 'GET' }, failure('server-error'), attempts, open());
  const took = performance.now() - startedAt;
  expect(took).toBeGreaterThanOrEqual(ms - 2);
  expect(took).toBeLessThan(ms + 90);
});

test('a pause that would not end within the deadline is not begun', async () => {
  const deadline = { ...open(), endsAt: performance.now() + 900 };
  const startedAt = performance.now();
  expect(await pauseBeforeRepeat({ method: 'GET' }, failure('rate-limited', 1), 1, deadline)).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(500);
  expect(await pauseBeforeRepeat({ method: 'GET' }, failure('rate-limited', 0), 1, deadline)).toBe(true);
});

test('a deadline that passes, or has passed, ends the pause without a repeat', async () => {
  const controller = new AbortController();
  const deadline = { signal: controller.signal, endsAt: performance.now() + 10_000 };
  const repeat = pauseBeforeRepeat({ method: 'GET' }, failure('rate-limited', 5), 1, deadline);
  controller.abort();
  expect(await repeat).toBe(false);
  expect(await pauseBeforeRepeat({ method: 'GET' }, failure('unreachable'), 1, deadline)).toBe(false);
});
