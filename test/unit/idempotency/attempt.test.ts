import { expect, onTestFinished, test, vi } from 'vitest';
import { Attempt } from '../../../src/idempotency/attempt.ts';
import type { AttemptOptions } from '../../../src/idempotency/attempt.ts';
import { MemoryIdempotencyStore } from '../../../src/idempotency/memory-store.ts';
import { Owners } from '../../../src/idempotency/owners.ts';
import { ServiceClock } from '../../../src/upstream/pipeline/service-clock.ts';

const SETTLE_MS = 15_000;
const TTL_MS = 60_000;
/** The allowed difference between the clocks of the service. */
const SKEW_MS = 2_000;
/** A store without lost data. */
const OLD = { keptSince: 1, keptMs: TTL_MS };
const SERVICE_MS = Date.parse('2030-01-01T00:00:00Z');

/** An attempt at the local time 0, when the service's clock shows SERVICE_MS to within a second. */
function attemptOn(found: AttemptOptions['found'], setServiceClockBy = 0) {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  onTestFinished(() => now.mockRestore());
  const clock = new ServiceClock();
  clock.learn(new Date(SERVICE_MS + setServiceClockBy).toUTCString(), 0);
  const store = new MemoryIdempotencyStore({ ttlMs: TTL_MS });
  const attempt = new Attempt({
    store,
    owners: new Owners({ store, retryMs: 1_000, catchUpMs: 1_000 }),
    clock,
    name: 'key',
    claim: { fingerprint: 'input', token: 'token' },
    found,
    times: { ttl: TTL_MS, settle: SETTLE_MS },
    beatMs: 1_000,
    signal: new AbortController().signal,
  });
  return { attempt, pass: (ms: number) => void now.mockReturnValue(ms) };
}

/** The period in which a request must have been created, relative to the service's time at the start. */
function windowOf({ unresolved }: Attempt) {
  if (unresolved === undefined) return undefined;
  return [unresolved.createdAfter - SERVICE_MS, unresolved.createdBefore - SERVICE_MS];
}

const resumed = (sentMs: number, quietMs: number, serviceTimeMs = SERVICE_MS - sentMs) =>
  ({ kind: 'resumed', progress: undefined, sent: { serviceTimeMs, sentMs, quietMs }, ...OLD }) as const;

test('an unresolved call may have been executed between its start and the settle time after its end', () => {
  const { attempt, pass } = attemptOn(resumed(5_000, 3_000));
  const window = [-5_000 - SKEW_MS, -3_000 + 1_000 + SETTLE_MS + SKEW_MS];
  expect(windowOf(attempt)).toEqual(window);
  // Independent of the time of the query.
  pass(40_000);
  expect(windowOf(attempt)).toEqual(window);
  expect(attempt.unsettledMs).toBeUndefined();
});

test.each([-3_600_000, 3_600_000])(
  'setting the clock of the service by %i ms makes the period longer, and never wrong',
  (jump) => {
    const { attempt } = attemptOn(resumed(5_000, 3_000), jump);
    const [after = 0, before = 0] = windowOf(attempt) ?? [];
    expect(after).toBeLessThanOrEqual(-5_000);
    expect(before).toBeGreaterThanOrEqual(-3_000 + SETTLE_MS);
    expect(before - after).toBeLessThan(3_600_000 + 60_000);
  },
);

test('the settle time starts when the sender stops waiting', () => {
  const { attempt, pass } = attemptOn(resumed(10_000, 5_000));
  expect(attempt.unsettledMs).toBe(SETTLE_MS - 5_000);
  pass(4_000);
  expect(attempt.unsettledMs).toBe(SETTLE_MS - 9_000);
});

test('an unknown key may have been used before only if the store is younger than its time to live', () => {
  const young = attemptOn({ kind: 'first', keptSince: 1, keptMs: 1_000 }).attempt;
  expect(young.unresolved).toMatchObject({ kind: 'forgotten', storeSince: 1 });
  expect(windowOf(young)).toEqual([-TTL_MS, -1_000 + 1_000 + SKEW_MS]);
  const { attempt: old } = attemptOn({ kind: 'first', keptSince: 1, keptMs: TTL_MS });
  expect(old.unresolved).toBeUndefined();
});

test('a claim without a sent call is not unresolved', () => {
  const { attempt } = attemptOn({ kind: 'resumed', progress: '1', sent: undefined, ...OLD });
  expect(attempt.unresolved).toBeUndefined();
  expect(attempt.unsettledMs).toBeUndefined();
});

test('owners are unknown if the call is older than the data of the store', () => {
  const call = (keptMs: number) => attemptOn({ ...resumed(5_000, 3_000), keptMs }).attempt.unresolved;
  expect(call(6_000)).toMatchObject({ areOwnersKnown: true });
  expect(call(4_000)).toMatchObject({ areOwnersKnown: false });
});
