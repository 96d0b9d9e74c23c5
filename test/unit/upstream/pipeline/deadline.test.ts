import { getEventListeners } from 'node:events';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Deadline, kindOfAbort, TimeIsUpError } from '../../../../src/upstream/pipeline/deadline.ts';

const whenAborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));

test('an expired deadline aborts with a TimeIsUpError', async () => {
  const caller = new AbortController();
  using deadline = new Deadline(20, caller.signal);
  expect(await whenAborted(deadline.signal)).toBeInstanceOf(TimeIsUpError);
  expect(performance.now()).toBeGreaterThanOrEqual(deadline.endsAt - 2);
  expect(caller.signal.aborted).toBe(false);
  expect(kindOfAbort(deadline.signal.reason)).toBe('timeout');
});

test('an abort of the caller, also an earlier one, aborts with its reason', () => {
  const caller = new AbortController();
  using open = new Deadline(60_000, caller.signal);
  expect(open.signal.aborted).toBe(false);
  caller.abort('gone');
  using late = new Deadline(60_000, caller.signal);
  expect([open.signal.reason, late.signal.reason]).toEqual(['gone', 'gone']);
  expect(kindOfAbort(open.signal.reason)).toBe('aborted');
});

test('an outer deadline expires the inner one with a TimeIsUpError', async () => {
  using outer = new Deadline(20);
  using inner = new Deadline(60_000, outer.signal);
  await whenAborted(inner.signal);
  expect(kindOfAbort(inner.signal.reason)).toBe('timeout');
});

/** Time that a test moves. */
function frozenTime() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
}
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test.each([20, 300])('the clock stops during a wait of %d ms and continues afterwards', async (waitMs) => {
  frozenTime();
  using deadline = new Deadline(150);
  await vi.advanceTimersByTimeAsync(100);
  const waited = deadline.stoppedFor(after(waitMs));
  await vi.advanceTimersByTimeAsync(waitMs);
  await waited;
  expect([deadline.usedMs, deadline.endsAt - performance.now()]).toEqual([100, 50]);
  await vi.advanceTimersByTimeAsync(49);
  expect(deadline.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(deadline.signal.aborted).toBe(true);
});

test('a renewal restores the full time limit', async () => {
  frozenTime();
  using deadline = new Deadline(150);
  await vi.advanceTimersByTimeAsync(100);
  const waited = deadline.renewedBy(after(300));
  await vi.advanceTimersByTimeAsync(300);
  await waited;
  expect([deadline.usedMs, deadline.endsAt - performance.now()]).toEqual([100, 150]);
});

test('a caller can abort while the clock is stopped', async () => {
  const caller = new AbortController();
  using deadline = new Deadline(60_000, caller.signal);
  void deadline.stoppedFor(new Promise(() => {}));
  caller.abort('gone');
  expect(deadline.signal.reason).toBe('gone');
});

test('a disposed deadline holds no timer and no listener', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const caller = new AbortController();
  const before = timers();
  const deadlines = Array.from({ length: 50 }, () => new Deadline(60_000, caller.signal));
  expect(timers()).toBe(before + 50);
  expect(getEventListeners(caller.signal, 'abort')).toHaveLength(50);
  const work = Promise.withResolvers<void>();
  const waiting = deadlines[0]?.stoppedFor(work.promise);
  for (const deadline of deadlines) deadline[Symbol.dispose]();
  work.resolve();
  await waiting;
  expect(timers()).toBe(before);
  expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
  caller.abort();
  expect(deadlines.some(({ signal }) => signal.aborted)).toBe(false);
});
