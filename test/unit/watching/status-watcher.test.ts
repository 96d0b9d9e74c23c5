import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WatcherFullError } from '../../../src/watching/status-watcher.ts';
import { failure, listener, requestIn, seen, startWatcher, wireIn } from './support-service.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);
const MINUTE = 60_000;
const DRAFT = requestIn('DRAFT');
const never = AbortSignal.any([]);

test('a thousand watchers of a request cost as many reads as one, and all receive the change', async () => {
  const one = startWatcher();
  one.watcher.watch('a', listener(), seen(DRAFT));
  const many = startWatcher();
  const listeners = Array.from({ length: 1_000 }, listener);
  for (const each of listeners) many.watcher.watch('a', each, seen(DRAFT));
  await pass(5 * MINUTE);
  expect(many.reads.length).toBe(one.reads.length);
  expect(many.mostRunning()).toBe(1);
  many.shows(wireIn('READY'));
  await pass(MINUTE);
  expect(listeners.every(({ statuses }) => statuses.at(-1) === 'READY')).toBe(true);
  expect(many.polls.filter(Boolean)).toHaveLength(1);
});

test('the pauses grow while nothing changes, and are short after an invalidation', async () => {
  const { watcher, reads, pauses } = startWatcher();
  watcher.watch('a', listener(), seen(DRAFT));
  await pass(10 * MINUTE);
  expect(pauses().slice(0, 9)).toEqual([1_600, 2_560, 4_100, 6_550, 10_490, 15_000, 15_000, 15_000, 15_000]);
  await pass(10 * MINUTE);
  expect(pauses().slice(-5)).toEqual([60_000, 60_000, 60_000, 60_000, 60_000]);
  reads.length = 0;
  const actedAt = performance.now();
  watcher.invalidate('a');
  await pass(2_000);
  expect(reads[0]?.at).toBeCloseTo(actedAt + 250, -1);
  expect(pauses()).toEqual([400, 640]);
});

test('the pauses are short after a change', async () => {
  const { watcher, reads, shows } = startWatcher();
  const one = listener();
  watcher.watch('a', one, seen(DRAFT));
  await pass(5 * MINUTE);
  shows(wireIn('READY'));
  await pass(30_000);
  shows(wireIn('WAIT_FOR_SIGNATURE'));
  reads.length = 0;
  await pass(15_000);
  expect(reads.length).toBeGreaterThan(2);
  expect(one.statuses.at(-1)).toBe('WAIT_FOR_SIGNATURE');
});

test('the pauses are short while a caller waits', async () => {
  const { watcher, reads, pauses } = startWatcher();
  watcher.watch('a', listener(), seen(DRAFT));
  await pass(10 * MINUTE);
  reads.length = 0;
  const waiting = watcher.await('a', listener());
  await pass(20_000);
  expect(pauses()).toEqual([400, 640, 1_020, 1_640, 2_620, 3_000, 3_000, 3_000, 3_000]);
  waiting.leave();
  reads.length = 0;
  await pass(MINUTE);
  expect(reads.length).toBeLessThan(5);
});

test('when the last watcher leaves, polling stops and the running read is aborted', async () => {
  const { watcher, reads, shows, running } = startWatcher();
  shows(() => new Promise(() => {}));
  const [first, second] = [listener(), listener()].map((each) => watcher.watch('a', each, seen(DRAFT)));
  await pass(2_000);
  expect(running()).toBe(1);
  first?.leave();
  expect(running()).toBe(1);
  second?.leave();
  await pass(10 * MINUTE);
  expect([running(), reads.length]).toEqual([0, 1]);
  expect(watcher.counts).toEqual({ requests: 0, watchers: 0 });
});

test('transient failures are not reported, and polling continues at the pace', async () => {
  const { watcher, shows, reads, pauses } = startWatcher();
  const one = listener();
  watcher.watch('a', one, seen(DRAFT));
  for (const kind of ['timeout', 'connection-lost', 'unreachable', 'server-error'] as const) {
    shows(failure(kind));
    await pass(MINUTE);
  }
  expect(pauses().at(-1)).toBe(15_000);
  shows(failure('rate-limited', 120));
  await pass(MINUTE);
  reads.length = 0;
  await pass(MINUTE);
  expect(reads).toEqual([]); // until the Retry-After has passed
  shows(wireIn('READY'));
  await pass(MINUTE);
  expect(one.failures).toEqual([]);
  expect(one.statuses[0]).toBe('READY');
});

test('a Retry-After of a day is limited to an hour', async () => {
  const { watcher, shows, reads } = startWatcher();
  const one = listener();
  watcher.watch('a', one, seen(DRAFT));
  shows(failure('rate-limited', 86_400));
  await pass(MINUTE);
  reads.length = 0;
  shows(wireIn('READY'));
  await pass(50 * MINUTE);
  expect(reads).toEqual([]);
  await pass(15 * MINUTE);
  expect(one.statuses[0]).toBe('READY');
});

test.each(['not-found', 'bad-request', 'unprocessable'] as const)(
  'a read that fails with %s ends all watchers of the request',
  async (kind) => {
    const { watcher, shows, reads } = startWatcher();
    const all = [listener(), listener()];
    const watches = all.map((each) => watcher.watch('a', each, seen(DRAFT)));
    const waiting = listener();
    watcher.await('a', waiting);
    shows(failure(kind));
    await pass(10 * MINUTE);
    for (const { failures } of [...all, waiting]) expect(failures).toEqual([[kind, true]]);
    expect(reads).toHaveLength(1);
    for (const watch of watches) watch.leave();
    expect(watcher.counts).toEqual({ requests: 0, watchers: 0 });
  },
);

test('a refusal of the key is final the third time in a row', async () => {
  const { watcher, shows } = startWatcher();
  const one = listener();
  watcher.watch('a', one, seen(DRAFT));
  shows(failure('unauthorized'));
  await pass(2_800);
  shows(wireIn('DRAFT'));
  await pass(4_000);
  expect(one.failures).toEqual([
    ['unauthorized', false],
    ['unauthorized', false],
  ]);
  shows(failure('forbidden'));
  await pass(10 * MINUTE);
  expect(one.failures.slice(2)).toEqual([
    ['forbidden', false],
    ['forbidden', false],
    ['forbidden', true],
  ]);
});

test('an unreadable response is final the third time in a row', async () => {
  const { watcher, shows, reads } = startWatcher();
  const one = listener();
  watcher.watch('a', one, seen(DRAFT));
  shows(failure('contract'));
  await pass(2_800);
  shows(wireIn('READY'));
  await pass(4_000);
  expect(one.statuses.at(-1)).toBe('READY');
  expect(one.failures).toEqual([]);
  reads.length = 0;
  shows(failure('contract'));
  await pass(10 * MINUTE);
  expect(reads).toHaveLength(3);
  expect(one.failures).toEqual([['contract', true]]);
});

test('polls share the slots per second in turn; reads for callers do not count', async () => {
  const { watcher, reads } = startWatcher({ pollsPerSecond: 6 });
  const ids = Array.from({ length: 100 }, (_, index) => `r${index}`);
  for (const id of ids) watcher.watch(id, listener(), seen(requestIn('DRAFT', { id })));
  await pass(MINUTE);
  expect(reads.length).toBeGreaterThan(350);
  expect(reads.length).toBeLessThanOrEqual(360);
  const perRequest = ids.map((id) => reads.filter((read) => read.id === id).length);
  expect(Math.max(...perRequest) - Math.min(...perRequest)).toBeLessThanOrEqual(1);
  reads.length = 0;
  watcher.await('b', listener());
  await pass(1_500);
  expect(reads.filter(({ id }) => id === 'b')).toHaveLength(3);
  expect(reads.filter(({ id }) => id !== 'b').length).toBeLessThanOrEqual(9);
});

test('invalidated requests come first, but leave every other slot to the rest', async () => {
  const { watcher, reads } = startWatcher({ pollsPerSecond: 1 });
  const ids = Array.from({ length: 6 }, (_, index) => `quiet${index}`);
  for (const id of [...ids, 'done1', 'done2'])
    watcher.watch(id, listener(), seen(requestIn('DRAFT', { id })));
  await pass(1_500); // all are due
  reads.length = 0;
  watcher.invalidate('done1');
  watcher.invalidate('done2');
  await pass(6_200);
  expect(reads.map(({ id }) => id.replace(/\d/, ''))).toEqual([
    'done',
    'quiet',
    'done',
    'quiet',
    'done',
    'quiet',
  ]);
});

test('delayed polls are not made up for in a burst', async () => {
  const { watcher, reads, shows, running, mostRunning } = startWatcher({ pollsPerSecond: 6 });
  const release = Promise.withResolvers<void>();
  for (let n = 0; n < 50; n += 1) {
    const id = `r${n}`;
    shows(async () => {
      await release.promise;
      return wireIn('DRAFT', { id });
    }, id);
    watcher.watch(id, listener(), seen(requestIn('DRAFT', { id })));
  }
  await pass(MINUTE);
  expect([running(), reads.length]).toEqual([6, 6]);
  release.resolve();
  await pass(4_999);
  expect(reads.length).toBeGreaterThan(25);
  expect(reads.length).toBeLessThanOrEqual(30); // the delayed polls count in the window in which they ended
  expect(mostRunning()).toBe(6);
  watcher.close();
});

test('a queued poll keeps its position when watchers join, and leaves the queue with the last one', async () => {
  const { watcher, reads } = startWatcher({ pollsPerSecond: 0.1 });
  const [gone] = ['a', 'b', 'c'].map((id) => watcher.watch(id, listener(), seen(requestIn('DRAFT', { id }))));
  await pass(5_000);
  expect(reads.map(({ id }) => id)).toEqual(['a']);
  gone?.leave();
  watcher.watch('b', listener(), seen(requestIn('DRAFT', { id: 'b' })));
  await pass(20_000);
  expect(reads.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test('concurrent callers share a read, and aborting one does not abort the shared read', async () => {
  const { watcher, shows, reads, running } = startWatcher();
  const answer = Promise.withResolvers<object>();
  shows(() => answer.promise);
  const leaving = new AbortController();
  const left = watcher.read('a', { signal: leaving.signal, maxAgeMs: 0 });
  const stays = watcher.read('a', { signal: never, maxAgeMs: 0 });
  leaving.abort();
  await expect(left).rejects.toMatchObject({ kind: 'aborted' });
  expect(running()).toBe(1);
  answer.resolve(wireIn('READY'));
  expect((await stays).request.status).toBe('READY');
  expect(reads).toHaveLength(1);
  expect(watcher.counts.requests).toBe(0);
});

test('a read is aborted when all its callers have left', async () => {
  const { watcher, shows, running } = startWatcher();
  shows(() => new Promise(() => {}));
  const leaving = new AbortController();
  const read = watcher.read('a', { signal: leaving.signal, maxAgeMs: 0 });
  await pass(0);
  leaving.abort();
  await expect(read).rejects.toMatchObject({ kind: 'aborted' });
  await pass(0);
  expect(running()).toBe(0);
});

test('a recent read is reused, but not after an invalidation', async () => {
  const { watcher, reads } = startWatcher();
  watcher.watch('a', listener(), seen(DRAFT));
  const read = () => watcher.read('a', { signal: never, maxAgeMs: 1_000 });
  await pass(900);
  await read();
  expect(reads).toHaveLength(0);
  watcher.invalidate('a');
  await read();
  expect(reads).toHaveLength(1);
  await read();
  expect(reads).toHaveLength(1);
});

test('a read that started before an invalidation is not reused after it', async () => {
  const { watcher, shows, reads } = startWatcher();
  const one = listener();
  watcher.watch('a', one, seen(DRAFT));
  const [early, late] = [Promise.withResolvers<object>(), Promise.withResolvers<object>()];
  const answers = [early.promise, late.promise];
  shows(async () => (await answers.shift()) ?? wireIn('READY'));
  await pass(2); // so that reads start at different times
  const before = watcher.read('a', { signal: never, maxAgeMs: 0 });
  await pass(2);
  watcher.invalidate('a');
  const after = watcher.read('a', { signal: never, maxAgeMs: 0 });
  await pass(2);
  expect(reads).toHaveLength(2);
  late.resolve(wireIn('READY'));
  expect((await after).request.status).toBe('READY');
  early.resolve(wireIn('DRAFT'));
  await before;
  expect(one.statuses).toEqual(['READY']);
});

test('a read made elsewhere reaches the watchers', async () => {
  const { watcher } = startWatcher();
  const one = listener();
  const watch = watcher.watch('a', one, seen(DRAFT));
  await pass(10);
  expect(await watcher.record('a', async () => requestIn('READY'))).toMatchObject({ status: 'READY' });
  await watcher.record('b', async () => requestIn('SIGNED', { id: 'b' }));
  expect(one.statuses).toEqual(['READY']);
  expect(watch.last?.request.status).toBe('READY');
});

test('a read made elsewhere is ignored if it shows an older state', async () => {
  const { watcher } = startWatcher();
  const one = listener();
  const later = requestIn('READY', { updated_at: '2026-03-05T09:15:00.000Z' });
  watcher.watch('a', one, seen(later));
  await pass(10);
  await watcher.record('a', async () => requestIn('DRAFT'));
  expect(one.statuses).toEqual([]);
});

test('requests and watchers above the limits are refused; callers that wait are not', async () => {
  const { watcher } = startWatcher({ maxRequests: 2, maxWatchers: 3 });
  const watch = (id: string) => watcher.watch(id, listener(), seen(requestIn('DRAFT', { id })));
  const first = watch('a');
  watch('b');
  expect(() => watch('c')).toThrow(new WatcherFullError('requests'));
  watch('a');
  expect(() => watch('a')).toThrow(new WatcherFullError('watchers'));
  expect(watcher.counts).toEqual({ requests: 2, watchers: 3 });
  watcher.await('c', listener()).leave();
  first.leave();
  first.leave();
  watch('a');
  expect(watcher.counts).toEqual({ requests: 2, watchers: 3 });
});

test('a request without a known state is read through the poll queue', async () => {
  const { watcher, reads } = startWatcher();
  const one = listener();
  const watch = watcher.watch('a', one);
  expect(watch.last).toBeUndefined();
  await pass(1_200);
  expect([reads.length, one.statuses]).toEqual([1, ['DRAFT']]);
});

test('watching or waiting for a request during a background read starts polling', async () => {
  for (const way of ['watch', 'await'] as const) {
    const { watcher, reads, shows } = startWatcher();
    const answer = Promise.withResolvers<object>();
    shows(() => answer.promise);
    const reading = watcher.readInBackground('a', { signal: never, maxAgeMs: 0 });
    await pass(1);
    expect(reads).toHaveLength(1);
    const one = listener();
    const { leave } = watcher[way]('a', one);
    answer.resolve(wireIn('DRAFT'));
    await reading;
    shows(wireIn('READY'));
    await pass(MINUTE);
    expect(one.statuses.at(-1), way).toBe('READY');
    leave();
  }
});

test('an invalidation during a background read does not stop polling', async () => {
  const { watcher, reads, shows } = startWatcher({ pace: { freshMs: 20_000 } });
  const one = listener();
  watcher.watch('a', one, seen(DRAFT));
  await pass(10);
  const answer = Promise.withResolvers<object>();
  shows(() => answer.promise);
  const reading = watcher.readInBackground('a', { signal: never, maxAgeMs: 0 });
  await pass(1);
  expect(reads).toHaveLength(1);
  watcher.invalidate('a');
  answer.resolve(wireIn('DRAFT'));
  await reading;
  shows(wireIn('READY'));
  await pass(MINUTE);
  expect(one.statuses.at(-1)).toBe('READY');
});

test('a request that was read and invalidated before it is watched is polled', async () => {
  const { watcher, shows } = startWatcher();
  const answer = Promise.withResolvers<object>();
  shows(() => answer.promise);
  const read = watcher.read('a', { signal: never, maxAgeMs: 0 });
  watcher.invalidate('a');
  const one = listener();
  watcher.watch('a', one);
  answer.resolve(wireIn('DRAFT'));
  await read;
  shows(wireIn('READY'));
  await pass(MINUTE);
  expect(one.statuses.at(-1)).toBe('READY');
});

test('close ends all reads', async () => {
  const { watcher, shows, reads, running } = startWatcher();
  shows(() => new Promise(() => {}));
  watcher.watch('a', listener(), seen(DRAFT));
  watcher.watch('b', listener(), seen(requestIn('DRAFT', { id: 'b' })));
  await pass(1_200);
  expect(running()).toBe(1);
  watcher.close();
  await pass(10 * MINUTE);
  expect([running(), reads.length]).toEqual([0, 2]);
});
