import { expect, test } from 'vitest';
import { Pace } from '../../../src/watching/poll-queue.ts';

test.each([2_000, 10_000])('no pause is longer than an idle pause of %i ms', (idleMs) => {
  const pace = new Pace({ idleMs });
  const pauses = Array.from({ length: 20 }, () => pace.next(false));
  expect(Math.max(...pauses)).toBe(idleMs);
});

test('a pause is at most 15 seconds in the first ten minutes without a change', () => {
  const pace = new Pace({ idleMs: 3_600_000 });
  const pauses = Array.from({ length: 20 }, () => pace.next(false));
  expect(Math.max(...pauses)).toBe(15_000);
});
