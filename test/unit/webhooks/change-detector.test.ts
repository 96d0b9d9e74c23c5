import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { createEvents } from '../../../src/observability/events.ts';
import type { SignatureRequest } from '../../../src/upstream/decode.ts';
import { MemoryWebhookStore } from '../../../src/webhooks/webhook-store.ts';
import { readMessage } from '../../../src/webhooks/messages.ts';
import { ChangeDetector } from '../../../src/webhooks/change-detector.ts';
import { failure, requestIn, startWatcher, wireIn } from '../watching/support-service.ts';

const [MINUTE_MS, DAY_MS] = [60_000, 24 * 60 * 60_000];
const KEY = { tenant: undefined, id: 'a' };

/** A change detector with one endpoint and a manual clock. */
async function start({ maxWatched = 100, request = requestIn('DRAFT') } = {}) {
  const service = startWatcher({ pollsPerSecond: 1_000 });
  let at = Date.parse('2026-03-05T10:00:00.000Z');
  const now = (): number => at;
  const store = new MemoryWebhookStore({ now, maxWatched });
  const lines: string[] = [];
  const failures: unknown[] = [];
  const events = createEvents();
  const watched = new ChangeDetector({
    store,
    sourceOf: (tenant) =>
      tenant === undefined ? { watcher: service.watcher, endpoints: () => ['one'] } : undefined,
    pace: loadConfig({}).webhooks.pace,
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
    /** Advances the clock and processes what is due. */
    async pass(ms: number): Promise<void> {
      at += ms;
      watched.start();
      await watched.ended();
    },
    record: (request: SignatureRequest) => watched.record(KEY, request),
    isWatched: async () => (await store.recordOf('[null,"a"]')) !== undefined,
    /** Takes the queued events. */
    async reported(): Promise<string[]> {
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

test('the pauses grow to five minutes while nothing changes', async () => {
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

test('pollNow reads a request soon, and a final status stops watching', async () => {
  const { pass, reads, shows, watched, reported, isWatched } = await start();
  shows(wireIn('WAIT_FOR_SIGNATURE'));
  await pass(1_000);
  await pass(60 * MINUTE_MS);
  expect(await reported()).toEqual(['wait_for_signature']);
  shows(wireIn('CANCELLED', { updated_at: '2026-03-05T11:00:00.000Z' }));
  const before = reads.length;
  watched.pollNow(KEY);
  watched.pollNow({ ...KEY, id: 'unknown' });
  await pass(1_000);
  expect(reads).toHaveLength(before + 1);
  expect(await reported()).toEqual(['cancelled']);
  expect(await isWatched()).toBe(false);
  await pass(DAY_MS);
  expect(reads).toHaveLength(before + 1);
});

test('reads made elsewhere are reported without a read', async () => {
  const { record, reads, reported, isWatched, pass } = await start();
  record(requestIn('READY'));
  record(requestIn('WAIT_FOR_SIGNATURE', { updated_at: '2026-03-05T10:01:00.000Z' }));
  record(requestIn('READY'));
  record(requestIn('SIGNED', { updated_at: '2026-03-05T10:02:00.000Z' }));
  await expect.poll(isWatched).toBe(false);
  await pass(0);
  expect(await reported()).toEqual(['ready', 'wait_for_signature', 'signed']);
  expect(reads).toEqual([]);
});

test('a request that is still a DRAFT after ten minutes is no longer watched', async () => {
  const { pass, isWatched, reported } = await start();
  await pass(9 * MINUTE_MS);
  expect(await isWatched()).toBe(true);
  for (let nth = 0; nth < 10; nth += 1) await pass(MINUTE_MS);
  expect(await isWatched()).toBe(false);
  expect(await reported()).toEqual([]);
});

test('watching ends a week after the expiry, and when the service no longer has the request', async () => {
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
  expect(gone.lines.at(-1)).toContain('the service no longer has it');
});

test.each(['server-error', 'unauthorized', 'rate-limited', 'contract'] as const)(
  'a read that fails with %s is retried',
  async (kind) => {
    const { pass, shows, reported, isWatched } = await start();
    shows(failure(kind));
    for (let nth = 0; nth < 6; nth += 1) await pass(10_000);
    expect(await isWatched()).toBe(true);
    shows(wireIn('SIGNED'));
    await pass(MINUTE_MS);
    expect(await reported()).toEqual(['signed']);
  },
);

test('an unreadable record is removed, and other requests are read', async () => {
  const { pass, shows, store, lines, isWatched, reported } = await start();
  const change = { from: 'rubbish', to: 'rubbish', dueInMs: 0, endpoints: [], messages: [] };
  for (const key of ['no key', '[null,"b"]']) {
    await store.watch(key, 'rubbish', 0);
    await store.change(key, change);
  }
  shows(wireIn('SIGNED'));
  await pass(1_000);
  expect(await reported()).toEqual(['signed']);
  expect(await isWatched()).toBe(false);
  expect([await store.recordOf('no key'), await store.recordOf('[null,"b"]')]).toEqual([
    undefined,
    undefined,
  ]);
  expect(lines.filter((line) => line.includes('its stored record is not readable'))).toHaveLength(2);
});

test('watching at the limit does not fail, and is logged', async () => {
  const { watched, lines, store } = await start({ maxWatched: 1 });
  await watched.watch({ ...KEY, id: 'b' }, requestIn('DRAFT', { id: 'b' }));
  expect(await store.recordOf('[null,"b"]')).toBeUndefined();
  expect(lines.at(-1)).toContain('the limit of watched requests is reached');
});
