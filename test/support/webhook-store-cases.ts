import { expect, test } from 'vitest';
import type { RecordChange, StoreLimits, WebhookStore } from '../../src/webhooks/webhook-store.ts';

export interface StoreUnderTest {
  readonly store: WebhookStore;
  /** Advances the clock of the store. */
  readonly pass: (ms: number) => Promise<void>;
}

const LEASE_MS = 400;
const [ONE, OTHER] = ['one', 'other'];

/** The tests that every webhook store must pass. */
export function storeCases(start: (limits?: StoreLimits) => Promise<StoreUnderTest>): void {
  const change = (
    store: WebhookStore,
    key: string,
    messages: readonly string[],
    overrides: Partial<RecordChange> = {},
  ) => store.change(key, { from: 'a', to: 'a', dueInMs: 60_000, endpoints: [ONE], messages, ...overrides });

  test('watch keeps the record of a watched request', async () => {
    const { store } = await start();
    expect(await store.watch('x', 'a', 0)).toBe('a');
    expect(await store.watch('x', 'b', 0)).toBe('a');
    expect(await store.recordOf('x')).toBe('a');
    expect(await store.recordOf('y')).toBeUndefined();
  });

  test('watch refuses further requests at the limit, until one is no longer watched', async () => {
    const { store } = await start({ maxWatched: 2 });
    await store.watch('x', 'a', 0);
    await store.watch('y', 'a', 0);
    expect(await store.watch('z', 'a', 0)).toBeUndefined();
    expect(await store.watch('x', 'a', 0)).toBe('a');
    await change(store, 'x', [], { to: undefined });
    expect(await store.recordOf('x')).toBeUndefined();
    expect(await store.watch('z', 'a', 0)).toBe('a');
  });

  test('a due request is leased to one gateway, and due again when the lease ends', async () => {
    const { store, pass } = await start();
    await store.watch('later', 'a', 60_000);
    await store.watch('x', 'a', 100);
    expect((await store.takeWatched(10, LEASE_MS)).items).toEqual([]);
    await pass(150);
    const taken = await store.takeWatched(10, LEASE_MS);
    expect(taken.items).toEqual([{ key: 'x', record: 'a' }]);
    expect(taken.nextMs).toBeGreaterThan(LEASE_MS - 200);
    expect(taken.nextMs).toBeLessThanOrEqual(LEASE_MS);
    expect((await store.takeWatched(10, LEASE_MS)).items).toEqual([]);
    await pass(LEASE_MS + 50);
    expect((await store.takeWatched(10, LEASE_MS)).items).toEqual([{ key: 'x', record: 'a' }]);
    await store.bringForward('later', 0);
    await store.bringForward('unknown', 0);
    expect((await store.takeWatched(10, LEASE_MS)).items).toEqual([{ key: 'later', record: 'a' }]);
  });

  test('concurrent takes never get the same request', async () => {
    const { store } = await start();
    for (let nth = 0; nth < 20; nth += 1) await store.watch(`${nth}`, 'a', 0);
    const all = await Promise.all(Array.from({ length: 10 }, () => store.takeWatched(3, 60_000)));
    const keys = all.flatMap(({ items }) => items.map(({ key }) => key));
    expect(keys).toHaveLength(20);
    expect(new Set(keys).size).toBe(20);
  });

  test('of two concurrent changes of the same record one succeeds', async () => {
    const { store } = await start();
    await store.watch('x', 'a', 0);
    const results = await Promise.all([1, 2].map(() => change(store, 'x', ['m'], { to: 'b' })));
    expect(results.toSorted()).toEqual([[], 'stale']);
    expect(await store.recordOf('x')).toBe('b');
    expect(await change(store, 'unknown', ['m'])).toBe('stale');
    const { items } = await store.takeQueued(ONE, 10, LEASE_MS);
    expect(items).toEqual([{ key: 'x', message: 'm' }]);
    await store.drop(ONE, { key: 'x', message: 'm' });
    expect(await store.countQueued(ONE)).toBe(0);
  });

  test('the messages of a request are taken one at a time and in order', async () => {
    const { store } = await start();
    await store.watch('x', 'a', 0);
    await store.watch('y', 'a', 0);
    await change(store, 'x', ['{"n":"1 €\\""}', '2']);
    await change(store, 'y', ['1'], { to: undefined });
    const first = (await store.takeQueued(ONE, 10, 60_000)).items;
    expect(first.toSorted((a, b) => a.key.localeCompare(b.key))).toEqual([
      { key: 'x', message: '{"n":"1 €\\""}' },
      { key: 'y', message: '1' },
    ]);
    await change(store, 'x', ['3']);
    expect(await store.takeQueued(ONE, 10, 60_000)).toMatchObject({ items: [] });
    expect(await store.drop(ONE, { key: 'x', message: 'another' })).toBe(false);
    expect(await store.drop(ONE, { key: 'x', message: '{"n":"1 €\\""}' })).toBe(true);
    expect((await store.takeQueued(ONE, 10, 60_000)).items).toEqual([{ key: 'x', message: '2' }]);
    await store.drop(ONE, { key: 'x', message: '2' });
    expect((await store.takeQueued(ONE, 10, 60_000)).items).toEqual([{ key: 'x', message: '3' }]);
    expect(await store.countQueued(ONE)).toBe(2);
    await store.drop(ONE, { key: 'x', message: '3' });
    expect(await store.countQueued(ONE)).toBe(1);
  });

  test('a retried message is due later, and the messages behind it wait', async () => {
    const { store, pass } = await start();
    await store.watch('x', 'a', 0);
    await change(store, 'x', ['1', '2']);
    const [queued] = (await store.takeQueued(ONE, 10, 60_000)).items;
    if (queued === undefined) throw new TypeError('nothing was queued');
    expect(await store.retry(ONE, queued, '1 again', 300)).toBe(true);
    // An attempt whose lease has ended changes nothing.
    expect(await store.retry(ONE, queued, '1 late', 0)).toBe(false);
    expect(await store.drop(ONE, queued)).toBe(false);
    const { items, nextMs } = await store.takeQueued(ONE, 10, LEASE_MS);
    expect(items).toEqual([]);
    expect(nextMs).toBeGreaterThan(0);
    await pass(350);
    expect((await store.takeQueued(ONE, 10, LEASE_MS)).items).toEqual([{ key: 'x', message: '1 again' }]);
    // The lease ends without a result.
    await pass(LEASE_MS + 50);
    expect((await store.takeQueued(ONE, 10, LEASE_MS)).items).toEqual([{ key: 'x', message: '1 again' }]);
  });

  test('each endpoint has its own queue, and a full one accepts no further requests', async () => {
    const { store } = await start({ maxQueued: 1 });
    const endpoints = [ONE, OTHER];
    await store.watch('x', 'a', 0);
    await store.watch('y', 'a', 0);
    expect(await change(store, 'x', ['1'], { endpoints: [OTHER] })).toEqual([]);
    expect(await change(store, 'y', ['1'], { endpoints })).toEqual([OTHER]);
    expect(await change(store, 'x', ['2'], { endpoints: [OTHER] })).toEqual([]);
    expect((await store.takeQueued(ONE, 10, LEASE_MS)).items).toEqual([{ key: 'y', message: '1' }]);
    expect((await store.takeQueued(OTHER, 10, LEASE_MS)).items).toEqual([{ key: 'x', message: '1' }]);
  });

  test('reports the age of the oldest due item, until it is taken and after its lease', async () => {
    const { store, pass } = await start();
    await store.watch('later', 'a', 60_000);
    await store.watch('x', 'a', 0);
    await change(store, 'x', ['1'], { dueInMs: 100 });
    await pass(300);
    const [watched, queued] = [await store.oldestWatchedMs(), await store.oldestQueuedMs(ONE)];
    expect(watched).toBeGreaterThanOrEqual(200);
    expect(queued).toBeGreaterThanOrEqual(300);
    expect(queued).toBeLessThan(60_000);
    expect(await store.oldestQueuedMs(OTHER)).toBe(0);
    await store.takeWatched(10, LEASE_MS);
    await store.takeQueued(ONE, 10, LEASE_MS);
    expect([await store.oldestWatchedMs(), await store.oldestQueuedMs(ONE)]).toEqual([0, 0]);
    await pass(LEASE_MS + 50);
    expect(await store.oldestWatchedMs()).toBeGreaterThan(0);
    expect(await store.oldestQueuedMs(ONE)).toBeGreaterThan(0);
  });

  test('an empty store has nothing due', async () => {
    const { store } = await start();
    expect(await store.takeWatched(10, LEASE_MS)).toEqual({ items: [], nextMs: undefined });
    expect(await store.takeQueued(ONE, 10, LEASE_MS)).toEqual({ items: [], nextMs: undefined });
    expect(await store.countQueued(ONE)).toBe(0);
    expect([await store.oldestWatchedMs(), await store.oldestQueuedMs(ONE)]).toEqual([0, 0]);
  });
}
