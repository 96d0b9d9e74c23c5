import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEvents } from '../../src/observability/events.ts';
import { loadConfig } from '../../src/config/load.ts';
import { Deliveries } from '../../src/webhooks/deliveries.ts';
import { MemoryWebhookStore } from '../../src/webhooks/webhook-store.ts';
import type { Sender } from '../../src/webhooks/send.ts';
import { ChangeDetector } from '../../src/webhooks/change-detector.ts';
import { requestIn, startWatcher, wireIn } from '../unit/watching/support-service.ts';
import { endpointAt } from '../support/webhook-receiver.ts';

const { pace, times } = loadConfig({}).webhooks;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

const [COUNT, RECEIVER_MS, SLOTS] = [5_000, 50, 4];
const HOUR_MS = 60 * 60_000;
const ENDPOINT = endpointAt(new URL('http://127.0.0.1:1/'));
const ids = Array.from({ length: COUNT }, (_, nth) => `request-${nth}`);

test.each([
  ['at the rate of the reads', 6],
  ['faster than the receiver', 100],
])(
  'every event of 5 000 watched requests reaches a slow receiver, in order: %s',
  async (_, pollsPerSecond) => {
    const { watcher, shows } = startWatcher({ pollsPerSecond });
    const delivered = new Map<string, string[]>(ids.map((id) => [id, []]));
    let arrived = 0;
    const sender: Sender = {
      async send(_, { body }) {
        await new Promise((resolve) => setTimeout(resolve, RECEIVER_MS));
        const { type, data }: { type: string; data: { id: string } } = JSON.parse(body);
        delivered.get(data.id)?.push(type.split('.').at(-1) ?? '');
        arrived += 1;
        return { kind: 'delivered', status: 204 };
      },
      close: async () => {},
    };
    const failures: unknown[] = [];
    const shared = {
      store: new MemoryWebhookStore(),
      events: createEvents(),
      logger: pino({ level: 'silent' }),
      now: Date.now,
      onStore: (failure: unknown) => void (failure !== undefined && failures.push(failure)),
    };
    const deliveries = new Deliveries({ ...shared, ...times, endpoint: ENDPOINT, sender });
    const watched = new ChangeDetector({
      ...shared,
      sourceOf: () => ({ watcher, endpoints: () => [ENDPOINT.id] }),
      pace,
      onQueued: () => deliveries.wake(),
    });
    const allBecome = (status: string, hour: number): void => {
      for (const id of ids) shows(wireIn(status, { id, updated_at: `2026-03-05T1${hour}:00:00.000Z` }), id);
    };
    /** Seconds until this many events have arrived. */
    const secondsUntil = async (count: number): Promise<number> => {
      const startedAt = Date.now();
      while (arrived < count && Date.now() - startedAt < HOUR_MS) await vi.advanceTimersByTimeAsync(1_000);
      return (Date.now() - startedAt) / 1_000;
    };

    allBecome('READY', 1);
    for (const id of ids) void watched.watch({ tenant: undefined, id }, requestIn('DRAFT', { id }));
    const seconds = [await secondsUntil(COUNT)];
    allBecome('WAIT_FOR_SIGNATURE', 2);
    seconds.push(await secondsUntil(2 * COUNT));
    allBecome('SIGNED', 3);
    seconds.push(await secondsUntil(3 * COUNT));

    const expected = ['ready', 'wait_for_signature', 'signed'];
    expect(ids.filter((id) => delivered.get(id)?.join() !== expected.join())).toEqual([]);
    expect(failures).toEqual([]);
    // Each event takes a read and an attempt: the slower of the two runs without pauses.
    const leastSeconds = COUNT / Math.min(pollsPerSecond, (SLOTS * 1_000) / RECEIVER_MS);
    for (const taken of seconds) expect(taken).toBeLessThan(1.1 * leastSeconds + 10);
    watched.stop();
    deliveries.stop();
  },
  300_000,
);
