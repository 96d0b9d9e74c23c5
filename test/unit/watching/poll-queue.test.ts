import { expect, test } from 'vitest';
import { PollQueue } from '../../../src/watching/poll-queue.ts';
import { UpstreamError } from '../../../src/upstream/failure.ts';
import { listener, requestIn, seen, startWatcher, wireIn } from './support-service.ts';

const never = new AbortController().signal;
const options = { signal: never, maxAgeMs: 0 };

test('background polls get one slot in three while other polls wait, and every slot when none does', async () => {
  const queue = new PollQueue(1_000);
  const order: string[] = [];
  const enqueue = (name: string, lane: object): Promise<void> =>
    new Promise((resolve) => {
      queue.enqueue(async () => {
        order.push(name);
        resolve();
      }, lane);
    });
  await Promise.all([
    ...Array.from({ length: 4 }, () => enqueue('background', { isBackground: true })),
    ...Array.from({ length: 4 }, () => enqueue('normal', {})),
    enqueue('urgent', { isUrgent: true }),
  ]);
  expect(order.filter((name) => name === 'background')).toHaveLength(4);
  expect(order.slice(0, 7).filter((name) => name === 'background').length).toBeLessThanOrEqual(2);
  expect(order.slice(0, 4)).toContain('background');
  expect(order.slice(-2)).toEqual(['background', 'background']);
});

test('a background read waits for a slot and watches nothing afterwards', async () => {
  const { watcher, reads, shows } = startWatcher({ pollsPerSecond: 20 });
  shows(wireIn('SIGNED'));
  const found = await Promise.all(['a', 'b', 'c'].map((id) => watcher.readInBackground(id, options)));
  expect(found.map(({ request }) => request.status)).toEqual(['SIGNED', 'DRAFT', 'DRAFT']);
  const [first, , third] = reads.map(({ at }) => at);
  expect((third ?? 0) - (first ?? 0)).toBeGreaterThan(90);
  expect(watcher.counts).toMatchObject({ requests: 0 });
});

test('a background read reuses a recent read, and passes its own result to the watchers', async () => {
  const { watcher, reads, shows } = startWatcher({ pace: { freshMs: 60_000 }, pollsPerSecond: 1_000 });
  const watching = listener();
  const watch = watcher.watch('a', watching, seen(requestIn('READY')));
  expect((await watcher.readInBackground('a', { signal: never, maxAgeMs: 60_000 })).request.status).toBe(
    'READY',
  );
  expect(reads).toEqual([]);
  shows(wireIn('WAIT_FOR_SIGNATURE', { updated_at: '2026-03-05T10:00:00.000Z' }));
  expect((await watcher.readInBackground('a', options)).request.status).toBe('WAIT_FOR_SIGNATURE');
  expect(watching.statuses).toContain('WAIT_FOR_SIGNATURE');
  watch.leave();
});

test('a background read that is aborted in the queue makes no upstream call', async () => {
  const { watcher, reads } = startWatcher({ pollsPerSecond: 1 });
  await watcher.readInBackground('a', options);
  const leaving = new AbortController();
  const aborted = watcher.readInBackground('b', { signal: leaving.signal, maxAgeMs: 0 });
  leaving.abort();
  await expect(aborted).rejects.toMatchObject({ kind: 'aborted' });
  await expect(watcher.readInBackground('b', { signal: leaving.signal, maxAgeMs: 0 })).rejects.toThrow(
    UpstreamError,
  );
  expect(reads).toHaveLength(1);
});

test('the global listener receives every read and every invalidation', async () => {
  const { watcher } = startWatcher({ pollsPerSecond: 1_000 });
  const calls: string[] = [];
  watcher.setGlobalListener({
    read: ({ id, status }) => void calls.push(`${id} ${status}`),
    invalidated: (id) => void calls.push(`${id} invalidated`),
  });
  await watcher.record('a', async () => requestIn('READY'));
  await watcher.read('b', { signal: never, maxAgeMs: 0 });
  await watcher.readInBackground('c', options);
  watcher.invalidate('d');
  expect(calls).toEqual(['a READY', 'b DRAFT', 'c DRAFT', 'd invalidated']);
});
