import { expect, test } from 'vitest';
import { ChangeStream, SlowReaderError } from '../../../src/watching/change-stream.ts';
import { WatcherFullError } from '../../../src/watching/status-watcher.ts';
import { failure, requestIn, seen, startWatcher, wireIn } from './support-service.ts';

/** A stream of a request whose reads the test makes. */
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
    /** Records a read with this status. */
    finds: (next: string, change: object = {}): Promise<unknown> =>
      world.watcher.record('a', async () => requestIn(next, change)),
    next: async () => {
      const { done, value } = await stream.next();
      return done === true ? 'done' : value.status;
    },
  };
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

test('yields the current state first, then each change once and in order, up to a final one', async () => {
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
  'yields a request that is %s once, and does not watch it',
  async (status) => {
    const { next, watcher, reads } = open(status);
    expect(watcher.counts).toEqual({ requests: 0, watchers: 0 });
    expect([await next(), await next()]).toEqual([status, 'done']);
    expect(reads).toEqual([]);
  },
);

test('a second watcher of a request starts with the latest known state', async () => {
  const { finds, watcher } = open();
  const early = seen(requestIn('DRAFT'));
  await pause();
  await finds('READY');
  const second = new ChangeStream(watcher, early, { signal: AbortSignal.any([]) });
  expect(await second.next()).toMatchObject({ value: { status: 'READY' } });
  await second.return();
});

test('two concurrent calls of next get two states', async () => {
  const { next, finds } = open();
  expect(await next()).toBe('DRAFT');
  const both = Promise.all([next(), next()]);
  for (const status of ['READY', 'WAIT_FOR_SIGNATURE']) {
    await pause();
    await finds(status);
  }
  expect(await both).toEqual(['READY', 'WAIT_FOR_SIGNATURE']);
});

test('a final failure is thrown once, after the buffered states', async () => {
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

test('a slow reader gets a SlowReaderError, and watching stops', async () => {
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
  'ending the stream (%s) ends pending calls of next and stops polling',
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

test('an aborted signal starts no polling', async () => {
  const { watcher } = startWatcher();
  const stream = new ChangeStream(watcher, seen(requestIn('DRAFT')), { signal: AbortSignal.abort() });
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  expect(watcher.counts).toEqual({ requests: 0, watchers: 0 });
});

test('throws WatcherFullError when the limit of watchers is reached', () => {
  const { watcher } = startWatcher({ maxWatchers: 0 });
  const signal = AbortSignal.any([]);
  expect(() => new ChangeStream(watcher, seen(requestIn('DRAFT')), { signal })).toThrow(WatcherFullError);
});

test('yields a change that a poll finds', async () => {
  const { stream, shows } = open();
  shows(wireIn('READY'));
  await stream.next();
  expect(await stream.next()).toMatchObject({ value: { status: 'READY' } }); // after about a second
  await stream.return();
});
