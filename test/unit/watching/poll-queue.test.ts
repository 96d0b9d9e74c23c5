import { expect, test } from 'vitest';
import { PollTurns } from '../../../src/watching/poll-queue.ts';
import { UpstreamError } from '../../../src/upstream/failure/upstream-error.ts';
import { listener, requestIn, seen, startWatcher, wireIn } from './support-service.ts';

const never = new AbortController().signal;
const options = { signal: never, maxAgeMs: 0 };

test('those in no hurry have one turn of three while others wait, and all when nobody does', async () => {
  const turns = new PollTurns(1_000);
  const order: string[] = [];
  const ask = (name: string, lane: object): Promise<void> =>
    new Promise((resolve) => {
      turns.ask(async () => {
        order.push(name);
        resolve();
      }, lane);
    });
  await Promise.all([
    ...Array.from({ length: 4 }, () => ask('patient', { isPatient: true })),
    ...Array.from({ length: 4 }, () => ask('other', {})),
    ask('urgent', { isUrgent: true }),
  ]);
  expect(order.filter((name) => name === 'patient')).toHaveLength(4);
  expect(order.slice(0, 7).filter((name) => name === 'patient').length).toBeLessThanOrEqual(2);
  expect(order.slice(0, 4)).toContain('patient');
  expect(order.slice(-2)).toEqual(['patient', 'patient']);
});

test('a glance is a read that waits for its turn, and leaves nothing behind', async () => {
  const { watcher, reads, shows } = startWatcher({ pollsPerSecond: 20 });
  shows(wireIn('SIGNED'));
  const glances = await Promise.all(['a', 'b', 'c'].map((id) => watcher.glance(id, options)));
  expect(glances.map(({ request }) => request.status)).toEqual(['SIGNED', 'DRAFT', 'DRAFT']);
  const [first, , third] = reads.map(({ at }) => at);
  expect((third ?? 0) - (first ?? 0)).toBeGreaterThan(90);
  expect(watcher.counts).toMatchObject({ requests: 0 });
});

test('a glance takes what somebody else has just read, and tells what it has read itself', async () => {
  const { watcher, reads, shows } = startWatcher({ pace: { freshMs: 60_000 }, pollsPerSecond: 1_000 });
  const told = listener();
  const watch = watcher.watch('a', told, seen(requestIn('READY')));
  expect((await watcher.glance('a', { signal: never, maxAgeMs: 60_000 })).request.status).toBe('READY');
  expect(reads).toEqual([]);
  shows(wireIn('WAIT_FOR_SIGNATURE', { updated_at: '2026-03-05T10:00:00.000Z' }));
  expect((await watcher.glance('a', options)).request.status).toBe('WAIT_FOR_SIGNATURE');
  expect(told.statuses).toContain('WAIT_FOR_SIGNATURE');
  watch.leave();
});

test('whoever leaves before their turn asks nothing of the service', async () => {
  const { watcher, reads } = startWatcher({ pollsPerSecond: 1 });
  await watcher.glance('a', options);
  const leaving = new AbortController();
  const glance = watcher.glance('b', { signal: leaving.signal, maxAgeMs: 0 });
  leaving.abort();
  await expect(glance).rejects.toMatchObject({ kind: 'aborted' });
  await expect(watcher.glance('b', { signal: leaving.signal, maxAgeMs: 0 })).rejects.toThrow(UpstreamError);
  expect(reads).toHaveLength(1);
});

test('the tap hears every read, of whomever, and everything that was done', async () => {
  const { watcher } = startWatcher({ pollsPerSecond: 1_000 });
  const heard: string[] = [];
  watcher.tap({
    read: ({ id, status }) => void heard.push(`${id} ${status}`),
    nudged: (id) => void heard.push(`${id} nudged`),
  });
  await watcher.observe('a', async () => requestIn('READY'));
  await watcher.read('b', { signal: never, maxAgeMs: 0 });
  await watcher.glance('c', options);
  watcher.nudge('d');
  expect(heard).toEqual(['a READY', 'b DRAFT', 'c DRAFT', 'd nudged']);
});
