import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { createEvents } from '../../../src/observability/events.ts';
import type { SignatureRequest } from '../../../src/upstream/decode.ts';
import { createMemoryStore } from '../../../src/webhooks/memory-webhook-store.ts';
import { readMessage } from '../../../src/webhooks/messages.ts';
import { WATCH_PACE, WatchedRequests } from '../../../src/webhooks/change-detector.ts';
import { failure, requestIn, startWatcher, wireIn } from '../watching/support-service.ts';

const [MINUTE_MS, DAY_MS] = [60_000, 24 * 60 * 60_000];
const KEY = { tenant: undefined, id: 'a' };

/** Requests that are watched for one endpoint, by a clock that stands still until it is moved. */
async function start({ maxWatched = 100, request = requestIn('DRAFT') } = {}) {
  const service = startWatcher({ pollsPerSecond: 1_000 });
  let at = Date.parse('2026-03-05T10:00:00.000Z');
  const now = (): number => at;
  const store = createMemoryStore({ now, maxWatched });
  const lines: string[] = [];
  const failures: unknown[] = [];
  const events = createEvents();
  const watched = new WatchedRequests({
    store,
    sourceOf: (tenant) =>
      tenant === undefined ? { watcher: service.watcher, endpoints: () => ['one'] } : undefined,
    pace: WATCH_PACE,
    events,
    logger: pino({}, { write: (line: string) => void lines.push(line) }),
    now,
    onStore: (error) => void (error !== undefined && failures.push(error)),
    onQueued: () => {},
  });
  onTestFinished(async () => {
    watched.stop();
    await watched.ended();
    expect(failures).toEqual([]);
  });
  await watched.watch(KEY, request);
  return {
    ...service,
    watched,
    store,
    lines,
    /** Lets time pass, and whatever is due then be done. */
    async pass(ms: number): Promise<void> {
      at += ms;
      watched.start();
      await watched.ended();
    },
    note: (request: SignatureRequest) => watched.note(KEY, request),
    isWatched: async () => (await store.recordOf('[null,"a"]')) !== undefined,
    /** What was queued, and is now taken out. */
    async told(): Promise<string[]> {
      const types: string[] = [];
      for (;;) {
        const [queued] = (await store.takeQueued('one', 1, 0)).items;
        if (queued === undefined) return types;
        types.push(String(readMessage(queued.message)?.type.replace('io.sign.signature_request.', '')));
        await store.drop('one', queued);
      }
    },
  };
}

test('a request on which nothing happens is read less and less, every five minutes in the end', async () => {
  const { pass, reads, shows } = await start();
  shows(wireIn('WAIT_FOR_SIGNATURE'));
  await pass(1_000);
  expect(reads).toHaveLength(1);
  const readsIn = async (ms: number, stepMs: number): Promise<number> => {
    const before = reads.length;
    for (let passed = 0; passed < ms; passed += stepMs) await pass(stepMs);
    return reads.length - before;
  };
  expect(await readsIn(MINUTE_MS, 1_000)).toBeLessThan(16);
  const laterOn = await readsIn(15 * MINUTE_MS, 15_000);
  expect(laterOn).toBeGreaterThan(4);
  expect(laterOn).toBeLessThan(15);
  expect(await readsIn(60 * MINUTE_MS, 60_000)).toBe(12);
});

test('a request is read soon when the gateway has done something to it, and not at all when it is over', async () => {
  const { pass, reads, shows, watched, told, isWatched } = await start();
  shows(wireIn('WAIT_FOR_SIGNATURE'));
  await pass(1_000);
  await pass(60 * MINUTE_MS);
  expect(await told()).toEqual(['wait_for_signature']);
  shows(wireIn('CANCELLED', { updated_at: '2026-03-05T11:00:00.000Z' }));
  const before = reads.length;
  watched.nudge(KEY);
  watched.nudge({ ...KEY, id: 'nobody' });
  await pass(1_000);
  expect(reads).toHaveLength(before + 1);
  expect(await told()).toEqual(['cancelled']);
  expect(await isWatched()).toBe(false);
  await pass(DAY_MS);
  expect(reads).toHaveLength(before + 1);
});

test('whatever somebody else reads is told without a read', async () => {
  const { note, reads, told, isWatched, pass } = await start();
  note(requestIn('READY'));
  note(requestIn('WAIT_FOR_SIGNATURE', { updated_at: '2026-03-05T10:01:00.000Z' }));
  note(requestIn('READY'));
  note(requestIn('SIGNED', { updated_at: '2026-03-05T10:02:00.000Z' }));
  await expect.poll(isWatched).toBe(false);
  await pass(0);
  expect(await told()).toEqual(['ready', 'wait_for_signature', 'signed']);
  expect(reads).toEqual([]);
});

test('a DRAFT that has not become READY is let go after ten minutes', async () => {
  const { pass, isWatched, told } = await start();
  await pass(9 * MINUTE_MS);
  expect(await isWatched()).toBe(true);
  for (let nth = 0; nth < 10; nth += 1) await pass(MINUTE_MS);
  expect(await isWatched()).toBe(false);
  expect(await told()).toEqual([]);
});

test('a request is let go a week after its expiry, and when the service has it no more', async () => {
  const expiry = { expires_at: '2026-03-06T10:00:00.000Z' };
  const late = await start({ request: requestIn('DRAFT', expiry) });
  late.shows(wireIn('WAIT_FOR_SIGNATURE', expiry));
  await late.pass(1_000);
  await late.pass(7 * DAY_MS);
  expect(await late.isWatched()).toBe(true);
  await late.pass(2 * DAY_MS);
  expect(await late.isWatched()).toBe(false);

  const gone = await start();
  gone.shows(failure('not-found'));
  await gone.pass(1_000);
  expect(await gone.isWatched()).toBe(false);
  expect(gone.lines.at(-1)).toContain('a watched request is not there any more');
});

test.each(['server-error', 'unauthorized', 'rate-limited', 'contract'] as const)(
  'a read that fails with %s is made again',
  async (kind) => {
    const { pass, shows, told, isWatched } = await start();
    shows(failure(kind));
    for (let nth = 0; nth < 6; nth += 1) await pass(10_000);
    expect(await isWatched()).toBe(true);
    shows(wireIn('SIGNED'));
    await pass(MINUTE_MS);
    expect(await told()).toEqual(['signed']);
  },
);

test('a record that cannot be read is let go, and others are read', async () => {
  const { pass, shows, store, lines, isWatched, told } = await start();
  const change = { from: 'rubbish', to: 'rubbish', dueInMs: 0, endpoints: [], messages: [] };
  for (const key of ['no key', '[null,"b"]']) {
    await store.watch(key, 'rubbish', 0);
    await store.change(key, change);
  }
  shows(wireIn('SIGNED'));
  await pass(1_000);
  expect(await told()).toEqual(['signed']);
  expect(await isWatched()).toBe(false);
  expect([await store.recordOf('no key'), await store.recordOf('[null,"b"]')]).toEqual([
    undefined,
    undefined,
  ]);
  expect(lines.filter((line) => line.includes('cannot be read where it is kept'))).toHaveLength(2);
});

test('beyond what can be watched nothing fails, and it is logged', async () => {
  const { watched, lines, store } = await start({ maxWatched: 1 });
  await watched.watch({ ...KEY, id: 'b' }, requestIn('DRAFT', { id: 'b' }));
  expect(await store.recordOf('[null,"b"]')).toBeUndefined();
  expect(lines.at(-1)).toContain('too many requests are watched');
});
