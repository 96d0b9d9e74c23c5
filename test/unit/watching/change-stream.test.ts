import { expect, test } from 'vitest';
import { ChangeStream } from '../../../src/watching/change-stream.ts';
import { SlowReaderError, WatcherFullError } from '../../../src/watching/watch-errors.ts';
import { failure, requestIn, seen, startWatcher, wireIn } from './support-service.ts';

/** A stream of a request that is read when a test says so, and what it has told so far. */
function open(status = 'DRAFT', capacity?: number) {
  const world = startWatcher();
  const leaving = new AbortController();
  const stream = new ChangeStream(world.watcher, seen(requestIn(status)), {
    signal: leaving.signal,
    ...(capacity !== undefined && { capacity }),
  });
  return {
    ...world,
    stream,
    leave: () => leaving.abort(),
    /** A read finds this. */
    finds: (next: string, change: object = {}): Promise<unknown> =>
      world.watcher.observe('a', async () => requestIn(next, change)),
    next: async () => {
      const { done, value } = await stream.next();
      return done === true ? 'done' : value.status;
    },
  };
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

test('the current state comes first, then each change once and in order, until a final one', async () => {
  const { next, finds, watcher } = open();
  expect(await next()).toBe('DRAFT');
  const waiting = next();
  for (const status of ['DRAFT', 'READY', 'READY', 'WAIT_FOR_SIGNATURE', 'SIGNED', 'CANCELLED']) {
    await pause();
    await finds(status);
  }
  expect([await waiting, await next(), await next(), await next(), await next()]).toEqual([
    'READY',
    'WAIT_FOR_SIGNATURE',
    'SIGNED',
    'done',
    'done',
  ]);
  expect(watcher.counts).toEqual({ requests: 0, watchers: 0 });
});

test.each(['SIGNED', 'REJECTED', 'CANCELLED'])(
  'a request that is %s is told once, and not watched',
  async (status) => {
    const { next, watcher, reads } = open(status);
    expect(watcher.counts).toEqual({ requests: 0, watchers: 0 });
    expect([await next(), await next()]).toEqual([status, 'done']);
    expect(reads).toEqual([]);
  },
);

test('who comes to a request that others watch begins with what they have seen', async () => {
  const { finds, watcher } = open();
  const early = seen(requestIn('DRAFT'));
  await pause();
  await finds('READY');
  const second = new ChangeStream(watcher, early, { signal: AbortSignal.any([]) });
  expect(await second.next()).toMatchObject({ value: { status: 'READY' } });
  await second.return();
});

test('two who read at the same time get two states', async () => {
  const { next, finds } = open();
  expect(await next()).toBe('DRAFT');
  const both = Promise.all([next(), next()]);
  for (const status of ['READY', 'WAIT_FOR_SIGNATURE']) {
    await pause();
    await finds(status);
  }
  expect(await both).toEqual(['READY', 'WAIT_FOR_SIGNATURE']);
});

test('a failure for good comes after what was there before it, once', async () => {
  const { stream, finds, shows, watcher } = open();
  await pause();
  await finds('READY');
  shows(failure('not-found'));
  await expect(watcher.read('a', { signal: AbortSignal.any([]), maxAgeMs: 0 })).rejects.toMatchObject({
    kind: 'not-found',
  });
  expect(await stream.next()).toMatchObject({ value: { status: 'DRAFT' } });
  expect(await stream.next()).toMatchObject({ value: { status: 'READY' } });
  await expect(stream.next()).rejects.toMatchObject({ kind: 'not-found' });
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

test('a reader who falls behind is told that states were lost, and watches no more', async () => {
  const { stream, finds, watcher } = open('DRAFT', 2);
  for (const title of ['a', 'b', 'c']) {
    await pause();
    await finds('DRAFT', { reject_reason: title });
  }
  expect(watcher.counts.watchers).toBe(0);
  await expect(stream.next()).rejects.toBeInstanceOf(SlowReaderError);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

test.each(['return', 'signal'])(
  'a reader who leaves (%s) waits no more, and nothing is read for them',
  async (how) => {
    const { stream, next, leave, watcher } = open();
    await next();
    const waiting = next();
    if (how === 'return') await stream.return();
    else leave();
    expect([await waiting, await next()]).toEqual(['done', 'done']);
    expect(watcher.counts).toEqual({ requests: 0, watchers: 0 });
  },
);

test('a reader who has left before begins nothing', async () => {
  const { watcher } = startWatcher();
  const stream = new ChangeStream(watcher, seen(requestIn('DRAFT')), { signal: AbortSignal.abort() });
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  expect(watcher.counts).toEqual({ requests: 0, watchers: 0 });
});

test('where no more can be watched nothing begins', () => {
  const { watcher } = startWatcher({ maxWatchers: 0 });
  const signal = AbortSignal.any([]);
  expect(() => new ChangeStream(watcher, seen(requestIn('DRAFT')), { signal })).toThrow(WatcherFullError);
});

test('reads of the service are polls of one loop', async () => {
  const { stream, shows } = open();
  shows(wireIn('READY'));
  await stream.next();
  expect(await stream.next()).toMatchObject({ value: { status: 'READY' } }); // after about a second
  await stream.return();
});
