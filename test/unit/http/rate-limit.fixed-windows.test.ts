import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FixedWindows } from '../../../src/http/rate-limit.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

test('events beyond the limit are told when the window ends', () => {
  const windows = new FixedWindows(2, 1_000);
  expect([windows.take('a'), windows.take('a')]).toEqual([0, 0]);
  vi.advanceTimersByTime(400);
  expect([windows.take('a'), windows.take('b')]).toEqual([600, 0]);
  vi.advanceTimersByTime(600);
  expect(windows.take('a')).toBe(0);
});

test('an event that is given back does not count, and none is given back twice', () => {
  const windows = new FixedWindows(1, 1_000);
  windows.take('a');
  for (let n = 0; n < 3; n += 1) windows.giveBack('a');
  windows.giveBack('unknown');
  expect([windows.take('a'), windows.take('a')]).toEqual([0, 1_000]);
});

test('a new key removes those whose windows have ended', () => {
  const remove = vi.spyOn(Map.prototype, 'delete');
  const windows = new FixedWindows(1, 1_000);
  for (let n = 0; n < 100; n += 1) windows.take(`${n}`);
  vi.advanceTimersByTime(1_000);
  windows.take('new');
  expect(remove).toHaveBeenCalledTimes(100);
  remove.mockRestore();
});
