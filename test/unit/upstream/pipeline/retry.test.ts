import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createEvents } from '../../../../src/observability/events.ts';
import { Deadline } from '../../../../src/upstream/pipeline/deadline.ts';
import { UpstreamError } from '../../../../src/upstream/failure.ts';
import type { Effect, UpstreamErrorKind } from '../../../../src/upstream/failure.ts';
import { retry } from '../../../../src/upstream/pipeline/retry.ts';
import type { RetryPolicy } from '../../../../src/upstream/pipeline/retry.ts';

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const OPERATION = 'anOperation';
const failure = (kind: UpstreamErrorKind, retryAfterSeconds?: number): UpstreamError =>
  new UpstreamError({ operation: OPERATION, kind, retryAfterSeconds });

interface Setting {
  readonly effect?: Effect;
  readonly policy?: Partial<RetryPolicy>;
  readonly timeoutMs?: number;
  readonly caller?: AbortSignal;
}

/** Runs a call that fails in these ways and then succeeds. Returns its outcome and the emitted events. */
async function run(failures: readonly unknown[], setting: Setting = {}) {
  const { effect = 'read', timeoutMs = 10_000 } = setting;
  const policy = { attempts: 3, firstPauseMs: 2, ...setting.policy };
  const deadline = new Deadline(timeoutMs, setting.caller);
  onTestFinished(() => deadline[Symbol.dispose]());
  const events = createEvents();
  const emitted: unknown[] = [];
  events.on('upstreamRetry', (event) => emitted.push(event));
  events.on('upstreamCall', ({ durationMs, ...event }) => {
    expect(durationMs).toBeGreaterThan(0);
    emitted.push(event);
  });
  let attempts = 0;
  const startedAt = performance.now();
  const outcome = await retry({ operation: OPERATION, effect }, { policy, deadline, events }, async () => {
    const next = failures[attempts];
    attempts += 1;
    if (next !== undefined) throw next;
    return 'done';
  }).catch((error: unknown) => error);
  return { outcome, attempts, emitted, tookMs: performance.now() - startedAt };
}

const EFFECTS = ['read', 'write', 'stream', 'block'] as const satisfies Effect[];

/** The table in `failure-kinds.ts`; the compiler requires each kind. */
const TABLE: Readonly<Record<UpstreamErrorKind, string>> = {
  unreachable: 'read write block',
  'rate-limited': 'read write block',
  'connection-lost': 'read block',
  'server-error': 'read block',
  timeout: 'block',
  aborted: '',
  'over-budget': '',
  'circuit-open': '',
  'bad-request': '',
  unauthorized: '',
  forbidden: '',
  'not-found': '',
  unprocessable: '',
  contract: '',
};

test.each(Object.entries(TABLE) as [UpstreamErrorKind, string][])(
  '%s is retried for: %s',
  async (kind, effects) => {
    const retried: string[] = [];
    for (const effect of EFFECTS) {
      const { outcome, attempts } = await run([failure(kind)], { effect });
      if (attempts === 2) retried.push(effect);
      expect(outcome).toEqual(attempts === 2 ? 'done' : failure(kind));
    }
    expect(retried.join(' ')).toBe(effects);
  },
);

test('a call ends with its last attempt and emits each retry and its end', async () => {
  const passing = ['unreachable', 'server-error', 'connection-lost', 'unreachable'] as const;
  const { outcome, attempts, emitted } = await run(passing.map((kind) => failure(kind)));
  expect(outcome).toEqual(failure('connection-lost'));
  expect(attempts).toBe(3);
  expect(emitted).toEqual([
    { operation: OPERATION, kind: 'unreachable' },
    { operation: OPERATION, kind: 'server-error' },
    { operation: OPERATION, outcome: 'connection-lost', attempts: 3 },
  ]);
});

test('a call that succeeds on retry is reported as a success of two attempts', async () => {
  const { outcome, emitted } = await run([failure('server-error')]);
  expect(outcome).toBe('done');
  expect(emitted).toEqual([
    { operation: OPERATION, kind: 'server-error' },
    { operation: OPERATION, outcome: 'ok', attempts: 2 },
  ]);
});

test('an error other than an UpstreamError is passed on', async () => {
  const bug = new TypeError('a bug');
  expect(await run([bug])).toMatchObject({ outcome: bug, attempts: 1, emitted: [] });
});

test.each([
  [0.5, [50, 100]],
  [0.1, [10, 20]],
])(
  'pauses are a random part of doubling bounds: %d of 100 and 200 ms',
  async (share, [first = 0, second = 0]) => {
    vi.mocked(Math.random).mockReturnValue(share);
    const policy = { firstPauseMs: 100 };
    const once = await run([failure('server-error')], { policy });
    const twice = await run([failure('server-error'), failure('server-error')], { policy });
    // Timers fire up to a millisecond early, and late when the machine is busy.
    expect(once.tookMs).toBeGreaterThanOrEqual(first - 2);
    expect(twice.tookMs).toBeGreaterThanOrEqual(first + second - 4);
  },
);

test('a failure that asks for a longer wait than the back-off gets it', async () => {
  const { attempts, tookMs } = await run([failure('rate-limited', 1)]);
  expect(attempts).toBe(2);
  expect(tookMs).toBeGreaterThanOrEqual(990);
});

test.each<[UpstreamErrorKind, number | undefined]>([
  ['rate-limited', undefined],
  ['rate-limited', 0],
  ['rate-limited', 0.01],
  ['server-error', 0],
])('%s with a wait of %s s is not retried more often than the policy says', async (kind, seconds) => {
  const { outcome, attempts } = await run(Array.from({ length: 9 }, () => failure(kind, seconds)));
  expect([outcome, attempts]).toEqual([failure(kind, seconds), 3]);
});

test('a failure that asks for a short wait does not shorten the back-off', async () => {
  const failures = [failure('rate-limited', 0), failure('server-error', 0.001)];
  const { attempts, tookMs } = await run(failures, { policy: { firstPauseMs: 100 } });
  expect(attempts).toBe(3);
  // Timers fire up to a millisecond early.
  expect(tookMs).toBeGreaterThanOrEqual(50 + 100 - 4);
});

test('a pause that would exceed the deadline does not start', async () => {
  const { outcome, tookMs } = await run([failure('rate-limited', 11)]);
  expect(outcome).toMatchObject({ kind: 'rate-limited', retryAfterSeconds: 11 });
  expect(tookMs).toBeLessThan(5_000);
});

test('an expired deadline ends the call with the failure of its attempt', async () => {
  const { outcome, attempts } = await run([failure('unreachable')], {
    timeoutMs: 1,
    policy: { firstPauseMs: 10_000 },
  });
  expect([outcome, attempts]).toEqual([failure('unreachable'), 1]);
});

test.each([
  ['an aborting caller', new Error('gone'), 'aborted'],
  ['an operation whose time is up', undefined, 'rate-limited'],
])('%s ends the pause without a retry', async (_, reason, kind) => {
  const caller = new AbortController();
  using operation = new Deadline(reason === undefined ? 30 : 60_000, caller.signal);
  setImmediate(() => reason && caller.abort(reason));
  const { outcome, attempts } = await run([failure('rate-limited', 5)], { caller: operation.signal });
  expect(outcome).toMatchObject({ kind });
  expect(attempts).toBe(1);
});
