import { expect, onTestFinished, test, vi } from 'vitest';
import { FairQueue } from '../../../../src/upstream/rate-limit/fair-queue.ts';

/** Items are named after their callers: `a1` is the first of `a`. */
function queueOf(...items: readonly string[]): FairQueue<string> {
  const queue = new FairQueue<string>();
  for (const item of items) queue.add(item[0] ?? '', item);
  return queue;
}

function takeAll(queue: FairQueue<string>): string {
  const taken = Array.from({ length: queue.size }, () => queue.take());
  expect([queue.size, queue.take()]).toEqual([0, undefined]);
  return taken.join(' ');
}

test('the items of one caller are served first come, first served', () => {
  expect(takeAll(queueOf('a1', 'a2', 'a3'))).toBe('a1 a2 a3');
});

test('several callers are served round-robin', () => {
  expect(takeAll(queueOf('a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'))).toBe('a1 b1 c1 a2 b2 a3 a4');
});

test('a new caller waits for at most one item of each other caller', () => {
  const queue = queueOf('a1', 'a2', 'a3', 'b1', 'b2', 'b3');
  expect([queue.take(), queue.take(), queue.take()]).toEqual(['a1', 'b1', 'a2']);
  queue.add('c', 'c1');
  expect(takeAll(queue)).toBe('b2 a3 c1 b3');
});

test('a re-queued caller gets no priority', () => {
  const queue = queueOf('a1', 'b1', 'b2');
  expect([queue.take(), queue.take()]).toEqual(['a1', 'b1']);
  queue.add('a', 'a2');
  expect(takeAll(queue)).toBe('b2 a2');
});

test('a deleted item is skipped, and deleted once', () => {
  const queue = queueOf('a1', 'a2', 'b1');
  expect([queue.delete('a', 'a1'), queue.delete('a', 'a1'), queue.delete('c', 'c1')]).toEqual([
    true,
    false,
    false,
  ]);
  expect(queue.delete('b', 'b1')).toBe(true);
  expect(takeAll(queue)).toBe('a2');
});

test('a full queue drops the last item of the caller with the most items', () => {
  const queue = queueOf('a1', 'b1', 'b2', 'b3', 'c1', 'c2');
  expect([queue.dropFromLongest(), queue.dropFromLongest()]).toEqual(['b3', 'b2']);
  expect(takeAll(queue)).toBe('a1 b1 c1 c2');
  expect(queue.dropFromLongest()).toBeUndefined();
});

test('reports the wait of the oldest item of all callers', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const queue = queueOf('a1');
  vi.advanceTimersByTime(1_000);
  queue.add('b', 'b1');
  queue.add('a', 'a2');
  vi.advanceTimersByTime(500);
  expect(queue.oldestMs).toBe(1_500);
  queue.take();
  expect(queue.oldestMs).toBe(500);
  queue.take();
  queue.delete('a', 'a2');
  expect(queue.oldestMs).toBe(0);
});
