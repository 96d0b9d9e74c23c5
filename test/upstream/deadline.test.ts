import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { Deadline } from '../../src/upstream/deadline.ts';

const whenAborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));

test('the end of the time aborts, and says that it was the time', async () => {
  using deadline = new Deadline(20, new AbortController().signal);
  expect(await whenAborted(deadline.signal)).toMatchObject({ name: 'TimeoutError' });
  expect(performance.now()).toBeGreaterThanOrEqual(deadline.endsAt - 2);
  expect(deadline.caller?.aborted).toBe(false);
});

test('a caller who leaves, or has left, aborts with their own reason', () => {
  const caller = new AbortController();
  using open = new Deadline(60_000, caller.signal);
  expect(open.signal.aborted).toBe(false);
  caller.abort('gone');
  using late = new Deadline(60_000, caller.signal);
  expect([open.signal.reason, late.signal.reason]).toEqual(['gone', 'gone']);
});

test('a deadline that is over holds neither a timer nor its caller', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const caller = new AbortController();
  const before = timers();
  const deadlines = Array.from({ length: 50 }, () => new Deadline(60_000, caller.signal));
  expect(timers()).toBe(before + 50);
  expect(getEventListeners(caller.signal, 'abort')).toHaveLength(50);
  for (const deadline of deadlines) deadline[Symbol.dispose]();
  expect(timers()).toBe(before);
  expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
  caller.abort();
  expect(deadlines.some(({ signal }) => signal.aborted)).toBe(false);
});
