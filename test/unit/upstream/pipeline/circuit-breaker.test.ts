import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEvents } from '../../../../src/observability/events.ts';
import { CircuitBreaker } from '../../../../src/upstream/pipeline/circuit-breaker.ts';
import type { Attempt } from '../../../../src/upstream/pipeline/circuit-breaker.ts';
import { Deadline } from '../../../../src/upstream/pipeline/deadline.ts';
import { UpstreamError } from '../../../../src/upstream/failure.ts';
import type { UpstreamErrorFacts, UpstreamErrorKind } from '../../../../src/upstream/failure.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const failureOf = (facts: Partial<UpstreamErrorFacts>): UpstreamError =>
  new UpstreamError({ operation: 'getDossier', kind: 'unreachable', ...facts });

/** Opens after three failures, for ten seconds. */
function start() {
  const events = createEvents();
  const emitted: string[] = [];
  events.on('breaker', ({ origin, state }) => emitted.push(`${origin} ${state}`));
  const breaker = new CircuitBreaker({ origin: 'service', failures: 3, openMs: 10_000, events });
  /** An attempt that ends so. `made` unless the circuit is open. */
  async function attempt(outcome: unknown = 'ok', facts: Partial<Attempt> = {}): Promise<unknown> {
    let isMade = false;
    const result = await breaker
      .run({ operation: 'getDossier', ...facts }, async () => {
        isMade = true;
        if (outcome !== 'ok') throw outcome;
        return 'ok';
      })
      .catch((failure: unknown) => failure);
    if (isMade) expect(result).toBe(outcome);
    return isMade ? 'made' : result;
  }
  return {
    breaker,
    emitted,
    attempt,
    async all(...outcomes: readonly unknown[]): Promise<void> {
      for (const outcome of outcomes) expect(await attempt(outcome)).toBe('made');
    },
  };
}

const FAILED = failureOf({ kind: 'connection-lost' });
const OPEN = (retryAfterSeconds: number) => ({
  kind: 'circuit-open',
  operation: 'getDossier',
  retryAfterSeconds,
});

test('consecutive failures open the circuit, and no call is made until its time is up', async () => {
  const { attempt, all, emitted } = start();
  await all(FAILED, FAILED, FAILED);
  expect(emitted).toEqual(['service open']);
  expect(await attempt()).toMatchObject(OPEN(10));
  vi.advanceTimersByTime(9_500);
  expect(await attempt()).toMatchObject(OPEN(1));
  vi.advanceTimersByTime(500);
  expect(await attempt()).toBe('made');
  expect(emitted).toEqual(['service open', 'service half-open', 'service closed']);
  await all(FAILED, FAILED, 'ok', FAILED, FAILED);
});

test('a failed trial keeps the circuit open for the same time again', async () => {
  const { attempt, all, emitted } = start();
  await all(FAILED, FAILED, FAILED);
  vi.advanceTimersByTime(10_000);
  expect(await attempt(FAILED)).toBe('made');
  expect(await attempt()).toMatchObject(OPEN(10));
  expect(emitted).toEqual(['service open', 'service half-open', 'service open']);
});

test('during a trial all other calls are refused at once', async () => {
  const { breaker, attempt, all } = start();
  await all(FAILED, FAILED, FAILED);
  vi.advanceTimersByTime(10_000);
  const answer = Promise.withResolvers<string>();
  const trial = breaker.run({ operation: 'getDossier', deadline: undefined }, () => answer.promise);
  expect(await attempt()).toMatchObject(OPEN(1));
  expect(() => breaker.check('getDossier')).toThrow(expect.objectContaining(OPEN(1)));
  answer.resolve('ok');
  expect(await trial).toBe('ok');
  expect(await attempt()).toBe('made');
});

/** The table in `failure-kinds.ts`; the compiler requires each kind. */
const HEALTH: Readonly<Record<UpstreamErrorKind, 'up' | 'down' | 'unknown'>> = {
  unreachable: 'down',
  'connection-lost': 'down',
  timeout: 'down',
  'server-error': 'down',
  'bad-request': 'up',
  forbidden: 'up',
  'not-found': 'up',
  unprocessable: 'up',
  'rate-limited': 'up',
  unauthorized: 'unknown',
  aborted: 'unknown',
  contract: 'unknown',
  'over-budget': 'unknown',
  'circuit-open': 'unknown',
};

test.each(Object.entries(HEALTH) as [UpstreamErrorKind, string][])(
  'after %s the health of the origin is: %s',
  async (kind, health) => {
    const failure = failureOf({ kind });
    const run = start();
    await run.all(failure, failure, failure);
    expect(run.emitted).toEqual(health === 'down' ? ['service open'] : []);

    // In a sequence of failures it ends the sequence, counts, or changes nothing.
    const mixed = start();
    await mixed.all(FAILED, FAILED, failure);
    expect(mixed.emitted).toEqual(health === 'down' ? ['service open'] : []);
    if (health === 'down') return;
    await mixed.all(FAILED);
    expect(mixed.emitted).toEqual(health === 'unknown' ? ['service open'] : []);

    // An outcome without evidence does not close the circuit.
    const trial = start();
    await trial.all(FAILED, FAILED, FAILED);
    vi.advanceTimersByTime(10_000);
    expect(await trial.attempt(failure)).toBe('made');
    expect(trial.emitted.at(-1)).toBe(health === 'up' ? 'service closed' : 'service open');
  },
);

test.each([
  [true, 500, false],
  [true, 503, true],
  [false, 500, true],
])(
  'an operation that answers invalid input with a 500 (%s) and fails with %i opens the circuit: %s',
  async (answersInvalidInputWith500, status, opens) => {
    const { attempt, emitted } = start();
    const failure = failureOf({ kind: 'server-error', status });
    for (let nth = 0; nth < (opens ? 3 : 5); nth += 1)
      expect(await attempt(failure, { answersInvalidInputWith500 })).toBe('made');
    expect(emitted).toEqual(opens ? ['service open'] : []);
  },
);

test('a timeout of the whole operation says nothing about the origin', async () => {
  const { attempt, emitted } = start();
  const late = failureOf({ kind: 'timeout' });
  for (const [operationMs, callMs] of [
    [10, 1_000],
    [1_000, 10],
  ]) {
    using operation = new Deadline(operationMs ?? 0);
    using call = new Deadline(callMs ?? 0, operation.signal);
    vi.advanceTimersByTime(20);
    for (let nth = 0; nth < 3; nth += 1) expect(await attempt(late, { deadline: call })).toBe('made');
    expect(emitted).toEqual(operationMs === 10 ? [] : ['service open']);
  }
});

test('setting the clock back does not keep the circuit open', async () => {
  const { attempt, all } = start();
  await all(FAILED, FAILED, FAILED);
  vi.setSystemTime(Date.now() - 3_600_000);
  vi.advanceTimersByTime(10_000);
  expect(await attempt()).toBe('made');
});
