import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LocalWindow } from '../../../../src/upstream/rate-limit/rate-window.ts';
import type { Slot } from '../../../../src/upstream/rate-limit/rate-window.ts';

/** Of 10 calls in 5 s; a call that is not answered counts half a second after it was sent. */
const LIMIT = { calls: 10, windowMs: 5_000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTime(ms);

function start() {
  const window = new LocalWindow(LIMIT);
  return {
    take: (wanted: number, reserve = 0) => window.take(wanted, reserve),
    /** How many slots there are, which are given back. */
    free(reserve = 0): number {
      const { slots } = window.take(100, reserve);
      for (const slot of slots) slot.unused();
      return slots.length;
    },
  };
}
const answerAll = (slots: readonly Slot[], remaining?: number): void => {
  for (const slot of slots) slot.answered(remaining);
};

test('the window has one slot for each call, and the next one window after the first answer', () => {
  const { take, free } = start();
  const { slots } = take(12);
  expect(slots).toHaveLength(10);
  pass(100);
  answerAll(slots);
  expect(take(1)).toEqual({ slots: [], retryInMs: 5_000 });
  pass(4_999);
  expect(take(1)).toEqual({ slots: [], retryInMs: 1 });
  pass(1);
  expect(free()).toBe(10);
});

test('a call counts from its answer, because the service may count it at any time before', () => {
  const { take, free } = start();
  const [first, second] = take(2).slots;
  pass(50);
  first?.answered(undefined);
  pass(250);
  second?.answered(undefined);
  pass(4_750);
  expect(free()).toBe(9);
  pass(250);
  expect(free()).toBe(10);
});

test('a call without an answer counts half a second after it was sent, and a late answer changes nothing', () => {
  const { take, free } = start();
  const { slots } = take(10);
  expect(take(1)).toEqual({ slots: [], retryInMs: 5_500 });
  pass(3_000);
  answerAll(slots);
  pass(2_499);
  expect(free()).toBe(0);
  pass(1);
  expect(free()).toBe(10);
});

test('the slot of an unsent call is free again', () => {
  const { take, free } = start();
  const { slots } = take(10);
  slots[3]?.unused();
  expect(free()).toBe(1);
});

test('reserved slots are not taken', () => {
  const { take, free } = start();
  expect(take(100, 2).slots).toHaveLength(8);
  expect([free(2), free()]).toEqual([0, 2]);
});

test('the calls of other clients of the key are reserved for one window', () => {
  const { take, free } = start();
  const { slots } = take(3);
  // The service has counted 7 calls, 3 of them from this process.
  answerAll(slots, 3);
  expect(free()).toBe(3);
  pass(5_000);
  expect(free()).toBe(10);
});

test('an answer that shows fewer foreign calls does not disprove one that showed more', () => {
  const { take, free } = start();
  const { slots } = take(2);
  slots[0]?.answered(2);
  slots[1]?.answered(8);
  expect(free()).toBe(2);
});

test('with calls in flight, the remaining calls never prove that other clients are gone', () => {
  const { take, free } = start();
  const { slots } = take(6);
  // Counted first: the service knows of one call.
  slots[0]?.answered(9);
  expect(free()).toBe(4);
});

test('calls that leave the window while another is in flight do not count as foreign', () => {
  const { take, free } = start();
  const { slots } = take(9);
  answerAll(slots, 1);
  pass(4_900);
  const [late] = take(1).slots;
  // The service has counted ten, and then works on the last for as long as the others need to leave.
  pass(400);
  late?.answered(0);
  expect(free()).toBe(9);
});

test('a lower limit of the service is respected', () => {
  const { take, free } = start();
  const [slot] = take(1).slots;
  slot?.answered(4);
  expect(free()).toBe(4);
});

test('a refusal closes the window for the time that the service asks for, or one second', () => {
  const { take, free } = start();
  const [first, second] = take(2).slots;
  first?.refused(3);
  expect(take(1)).toEqual({ slots: [], retryInMs: 3_000 });
  pass(2_500);
  second?.refused(undefined);
  expect(take(1)).toEqual({ slots: [], retryInMs: 1_000 });
  pass(1_000);
  expect(free()).toBe(8);
});

test('a refusal closes the window for at most its length', () => {
  const { take } = start();
  take(1).slots[0]?.refused(3_600);
  expect(take(1)).toEqual({ slots: [], retryInMs: 5_000 });
});

test('foreign calls that caused a refusal count for one window after it opens again', () => {
  const { take, free } = start();
  const [slot] = take(1).slots;
  // The service has counted 10 calls, at most one of them from this process.
  slot?.answered(0);
  slot?.refused(2);
  pass(6_999);
  expect(free()).toBe(1);
  pass(1);
  expect(free()).toBe(10);
});

test('no window ever receives more calls than it has slots', () => {
  const { take } = start();
  const arrivals: number[] = [];
  let state = 7;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const events: { at: number; run: () => void }[] = [];
  for (let now = 0; now < 60_000; now += 10) {
    for (const { run } of events.filter(({ at }) => at === now)) run();
    for (const slot of take(1 + Math.floor(random() * 3)).slots) {
      const transit = Math.floor(random() * 45) * 10;
      const work = random() < 0.2 ? 3_000 : Math.floor(random() * 30) * 10;
      events.push({ at: now + transit, run: () => arrivals.push(performance.now()) });
      if (random() < 0.9) events.push({ at: now + transit + work, run: () => slot.answered(undefined) });
    }
    pass(10);
  }
  expect(arrivals.length).toBeGreaterThan(90);
  for (const arrival of arrivals) {
    const inWindow = arrivals.filter((other) => other <= arrival && other > arrival - LIMIT.windowMs);
    expect(inWindow.length).toBeLessThanOrEqual(LIMIT.calls);
  }
});
