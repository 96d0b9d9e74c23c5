import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { createEvents } from '../../../src/observability/events.ts';
import { Queues } from '../../../src/observability/queues.ts';
import { Webhooks } from '../../../src/webhooks/webhooks.ts';
import type { WebhookOptions } from '../../../src/webhooks/webhooks.ts';
import { requestIn, startWatcher } from '../watching/support-service.ts';
import { startHttpStub } from '../../support/http-stub.ts';
import { endpointAt } from '../../support/webhook-receiver.ts';
import { NO_PROXY } from '../../../src/upstream/connect-through.ts';

const { webhooks: config } = loadConfig({});

/** The webhooks of a gateway without Redis. */
function open(options: Partial<WebhookOptions>) {
  const { watcher } = startWatcher();
  const queues = new Queues();
  const events = createEvents();
  const outcomes: string[] = [];
  events.on('webhook', ({ outcome }) => outcomes.push(outcome));
  const shared = { redis: undefined, realm: 'https://service.example', events, queues, proxyFor: NO_PROXY };
  const logger = pino({ level: 'silent' });
  const webhooks = new Webhooks({ ...shared, ...config, ...options, watcherOf: () => watcher, logger });
  onTestFinished(() => webhooks.close());
  return {
    queues,
    outcomes,
    async happens(id: string): Promise<void> {
      await webhooks.of(undefined).watch(requestIn('DRAFT', { id }));
      webhooks.of(undefined).record(requestIn('READY', { id }));
    },
  };
}

test('a hanging endpoint does not delay another one at the same origin', async () => {
  const stub = await startHttpStub(({ path }, res) => {
    if (path === '/well') res.writeHead(204).end();
  });
  const arrived = () => stub.calls.filter(({ path }) => path === '/well').length;
  const endpoints = ['/hangs', '/well'].map((path) =>
    endpointAt(new URL(path, stub.origin), { id: path.slice(1) }),
  );
  const { happens, queues } = open({ endpoints });
  for (let nth = 0; nth < 12; nth += 1) await happens(`request-${nth}`);
  await expect.poll(arrived).toBe(12);
  // Four attempts hang, and eight messages wait.
  await expect.poll(() => stub.calls.length).toBe(16);
  expect(await queues.oldestDueMs('webhooks')).toBeGreaterThan(0);
});

test('a disabled endpoint does not count as a stalled queue', async () => {
  const stub = await startHttpStub((_, res) => void res.writeHead(410).end());
  const { happens, queues } = open({ endpoints: [endpointAt(new URL(stub.origin))] });
  for (let nth = 0; nth < 12; nth += 1) await happens(`request-${nth}`);
  await expect.poll(() => queues.oldestDueMs('webhooks')).toBe(0);
  expect(stub.calls.length).toBeLessThan(12);
});

test.each([-48, 48])('events arrive although the system time changes by %i h', async (hours) => {
  const stub = await startHttpStub((_, res, __, nth) => void res.writeHead(nth === 1 ? 503 : 204).end());
  const real = Date.now;
  let setMs = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => real() + setMs);
  onTestFinished(() => void vi.restoreAllMocks());
  const endpoints = [endpointAt(new URL(stub.origin))];
  const { happens, outcomes } = open({ endpoints, times: { ...config.times, pausesMs: [500] } });
  await happens('one');
  await expect.poll(() => outcomes).toEqual(['failed']);
  setMs = hours * 60 * 60_000;
  await happens('other');
  await expect.poll(() => outcomes).toEqual(['failed', 'delivered', 'delivered']);
});
