import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEvents } from '../../../../src/observability/events.ts';
import { LocalWindow } from '../../../../src/upstream/rate-limit/rate-window.ts';
import { RateLimiter } from '../../../../src/upstream/rate-limit/rate-limiter.ts';
import type { Priority } from '../../../../src/upstream/call.ts';
import type { RateLimiterOptions } from '../../../../src/upstream/rate-limit/rate-limiter.ts';
import { TimeIsUpError } from '../../../../src/upstream/pipeline/deadline.ts';

/** Five calls a second, with a reserve of one. */
const LIMIT = { calls: 5, windowMs: 1_000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Entry {
  readonly priority?: Priority;
  readonly caller?: string;
  readonly signal?: AbortSignal;
}

/** A rate limiter whose calls are answered at once, and the names of the admitted calls in order. */
function start(options: Partial<RateLimiterOptions> = {}) {
  const events = createEvents();
  const emitted: unknown[] = [];
  events.on('rateLimiterWait', (event) => emitted.push(event));
  const window = new LocalWindow(LIMIT);
  const limiter = new RateLimiter({
    limit: LIMIT,
    window,
    connections: 100,
    maxWaiting: 100,
    events,
    ...options,
  });
  const admitted: string[] = [];
  const refused = new Map<string, unknown>();
  const enter = (name: string, entry: Entry = {}, isAnswered = true) => {
    const permit = limiter.acquire({
      operation: 'anOperation',
      priority: 'interactive',
      caller: name[0] ?? '',
      signal: undefined,
      ...entry,
    });
    permit.then(
      (given) => {
        admitted.push(name);
        given.slot.answered(undefined);
        if (isAnswered) given[Symbol.dispose]();
      },
      (error: unknown) => refused.set(name, error),
    );
    return permit;
  };
  const enterAll = (names: string, entry: Entry = {}): void => {
    for (const name of names.split(' ')) void enter(name, entry).catch(() => {});
  };
  return {
    limiter,
    enter,
    enterAll,
    refused,
    emitted,
    /** The calls that were admitted since the last time, after this many milliseconds. */
    async after(ms: number): Promise<string> {
      await vi.advanceTimersByTimeAsync(ms);
      return admitted.splice(0).join(' ');
    },
  };
}

test('calls are admitted while the window has slots, and the rest as slots become free', async () => {
  const { enterAll, after } = start();
  enterAll('a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11');
  expect(await after(0)).toBe('a1 a2 a3 a4 a5');
  expect(await after(999)).toBe('');
  expect(await after(1)).toBe('a6 a7 a8 a9 a10');
  expect(await after(1_000)).toBe('a11');
});

test('callers are admitted round-robin', async () => {
  const { enterAll, after } = start();
  enterAll('a1 a2 a3 a4 a5 a6 a7 b1 b2');
  expect(await after(0)).toBe('a1 b1 a2 b2 a3');
  enterAll('c1');
  expect(await after(1_000)).toBe('a4 c1 a5 a6 a7');
});

test('polls are admitted after all interactive calls', async () => {
  const { enterAll, after } = start();
  enterAll('x1 x2 x3 x4 x5');
  expect(await after(0)).toBe('x1 x2 x3 x4 x5');
  enterAll('p1 p2 p3', { priority: 'poll' });
  enterAll('a1 a2 a3');
  expect(await after(1_000)).toBe('a1 a2 a3 p1');
  expect(await after(1_000)).toBe('p2 p3');
});

test('polls leave a reserve of a fifth for interactive calls', async () => {
  const { enterAll, after } = start();
  enterAll('p1 p2 p3 p4 p5 p6', { priority: 'poll' });
  expect(await after(0)).toBe('p1 p2 p3 p4');
  enterAll('a1');
  expect(await after(0)).toBe('a1');
  expect(await after(1_000)).toBe('p5 p6');
});

test('a call gets a slot at once while one is free and no call waits', async () => {
  const { enterAll, after, limiter, emitted } = start({ connections: 6 });
  const request = {
    operation: 'anOperation',
    priority: 'interactive',
    caller: 'b',
    signal: undefined,
  } as const;
  const permits = [1, 2, 3, 4].map(() => limiter.acquireNow(request));
  expect(permits.every((permit) => permit !== undefined)).toBe(true);
  expect(emitted).toEqual(permits.map(() => ({ priority: 'interactive', outcome: 'granted', waitMs: 0 })));
  // The last one is reserved for interactive calls.
  expect(limiter.acquireNow({ ...request, priority: 'poll' })).toBeUndefined();
  expect(limiter.acquireNow({ ...request, signal: AbortSignal.abort() })).toBeUndefined();
  expect(limiter.acquireNow(request)).toBeDefined();
  expect(limiter.acquireNow(request)).toBeUndefined();
  enterAll('a1');
  for (const permit of permits) permit?.slot.unused();
  // One waits, and comes first.
  expect(limiter.acquireNow(request)).toBeUndefined();
  permits[0]?.[Symbol.dispose]();
  expect(await after(0)).toBe('a1');
});

test('no call gets a slot at once beyond the connections', () => {
  const { limiter } = start({ connections: 1 });
  const request = {
    operation: 'anOperation',
    priority: 'interactive',
    caller: 'b',
    signal: undefined,
  } as const;
  const first = limiter.acquireNow(request);
  expect(limiter.acquireNow(request)).toBeUndefined();
  first?.[Symbol.dispose]();
  expect(limiter.acquireNow(request)).toBeDefined();
});

test('calls in flight never exceed the connections', async () => {
  const { enter, after } = start({ connections: 2 });
  const [first] = ['a1', 'a2', 'a3', 'a4'].map((name) => enter(name, {}, false));
  expect(await after(5_000)).toBe('a1 a2');
  (await first)?.[Symbol.dispose]();
  expect(await after(0)).toBe('a3');
});

test('an aborted call leaves the queue and no listener on its signal', async () => {
  const { enter, enterAll, refused, after } = start();
  enterAll('x1 x2 x3 x4 x5');
  await after(0);
  const [gone, late] = [new AbortController(), new AbortController()];
  void enter('a1', { signal: gone.signal }).catch(() => {});
  void enter('a2', { signal: late.signal }).catch(() => {});
  enterAll('a3');
  await after(0);
  gone.abort(new Error('the client left'));
  late.abort(new TimeIsUpError());
  expect(await after(1_000)).toBe('a3');
  expect(refused.get('a1')).toMatchObject({ kind: 'aborted', operation: 'anOperation' });
  expect(refused.get('a2')).toMatchObject({ kind: 'over-budget', retryAfterSeconds: 1 });
  expect(getEventListeners(gone.signal, 'abort')).toEqual([]);
});

test('an aborted signal is not admitted', async () => {
  const { enter, refused, after, emitted } = start();
  void enter('a1', { signal: AbortSignal.abort() }).catch(() => {});
  expect(await after(0)).toBe('');
  expect(refused.get('a1')).toMatchObject({ kind: 'aborted' });
  expect(emitted).toEqual([{ priority: 'interactive', outcome: 'left', waitMs: 0 }]);
});

test('an admitted call keeps its slot after an abort until it ends', async () => {
  const { enter, after, refused } = start();
  const caller = new AbortController();
  void enter('a1', { signal: caller.signal });
  expect(await after(0)).toBe('a1');
  caller.abort();
  expect(refused.size).toBe(0);
});

test('when too many calls wait, those of the caller with the most are refused with a wait', async () => {
  const { enterAll, refused, after } = start({ maxWaiting: 10 });
  enterAll('x1 x2 x3 x4 x5');
  await after(0);
  enterAll('a1 a2 a3 a4 a5 a6 a7 a8 b1 b2');
  expect(refused.size).toBe(0);
  for (const name of ['c1', 'b3', 'a9']) {
    enterAll(name);
    await after(0);
  }
  expect(await after(1_000)).toBe('a1 b1 c1 a2 b2');
  expect([...refused.keys()]).toEqual(['a8', 'a7', 'a9']);
  expect(refused.get('a8')).toMatchObject({ kind: 'over-budget', retryAfterSeconds: 2 });
});

test('when too many calls wait, polls are refused first', async () => {
  const { enterAll, refused, after } = start({ maxWaiting: 2 });
  enterAll('x1 x2 x3 x4 x5');
  await after(0);
  enterAll('p1 p2', { priority: 'poll' });
  enterAll('a1 a2 a3');
  await after(0);
  expect([...refused.keys()]).toEqual(['p2', 'p1', 'a3']);
});

test('each wait emits an event with its duration', async () => {
  const { enterAll, after, emitted } = start();
  enterAll('a1 a2 a3 a4 a5 a6');
  enterAll('p1', { priority: 'poll' });
  await after(1_000);
  const granted = { priority: 'interactive', outcome: 'granted' };
  expect(emitted).toEqual([
    ...Array.from({ length: 5 }, () => ({ ...granted, waitMs: 0 })),
    { ...granted, waitMs: 1_000 },
    { priority: 'poll', outcome: 'granted', waitMs: 1_000 },
  ]);
});

test('a slow window loses no call that arrives in the meantime', async () => {
  const local = new LocalWindow(LIMIT);
  const window = {
    take: async (wanted: number, reserve: number) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return local.take(wanted, reserve);
    },
    takeNow: () => undefined,
    close: () => {},
  };
  const { enter, enterAll, after } = start({ window });
  const gone = new AbortController();
  enterAll('a1 a2');
  await after(5);
  void enter('a3', { signal: gone.signal }).catch(() => {});
  enterAll('a4');
  expect(await after(10)).toBe('a1');
  gone.abort(); // while slots for three are being taken
  expect(await after(10)).toBe('a2 a4');
  enterAll('a5 a6 a7');
  expect(await after(20)).toBe('a5 a6');
  expect(await after(1_050)).toBe('a7');
});
