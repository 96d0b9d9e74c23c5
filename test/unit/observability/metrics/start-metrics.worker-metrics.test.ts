import { expect, test } from 'vitest';
import { createEvents } from '../../../../src/observability/events.ts';
import { createMetrics } from '../../../../src/observability/metrics/metrics.ts';
import { WorkerMetrics } from '../../../../src/observability/metrics/start-metrics.ts';
import { Queues } from '../../../../src/observability/queues.ts';
import { parseMetrics, valueOf } from '../../../support/scrape.ts';

/** A worker with requests in flight, whose oldest poll is due since a number of seconds. */
function startWorker(all: WorkerMetrics, id: number, { inFlight = 0, pollsDueSeconds = 0, queued = 0 } = {}) {
  const events = createEvents();
  const queues = new Queues();
  queues.add('polls', () => pollsDueSeconds * 1_000);
  const registry = createMetrics(events, {
    version: '1.2.3',
    operationNames: [],
    requestsInFlight: () => inFlight,
    openStreams: () => 0,
    watchedRequests: () => 0,
    dependencies: ['service', 'redis'],
    blocksInUse: () => 0,
    uploadsWaitingForBlocks: () => 0,
    webhooksQueued: () => Promise.resolve(queued),
    queues,
  });
  let isHanging = false;
  all.add(id, () => (isHanging ? Promise.reject(new Error('hangs')) : registry.getMetricsAsJSON()));
  return {
    events,
    hang: () => {
      isHanging = true;
    },
  };
}

const read = async (all: WorkerMetrics) => {
  const samples = parseMetrics(await all.metrics());
  return (name: string, labels: Readonly<Record<string, string>> = {}) => valueOf(samples, name, labels);
};

test('counters and histograms are sums, and each gauge is what it means for all workers', async () => {
  const all = new WorkerMetrics();
  const one = startWorker(all, 1, { inFlight: 2, pollsDueSeconds: 1, queued: 4 });
  const other = startWorker(all, 2, { inFlight: 3, pollsDueSeconds: 7, queued: 4 });
  one.events.emit('response', { status: 200 });
  other.events.emit('response', { status: 200 });
  for (const [{ events }, waitMs] of [
    [one, 2],
    [other, 700],
  ] as const)
    events.emit('rateLimiterWait', { priority: 'poll', outcome: 'granted', waitMs });
  one.events.emit('dependency', { name: 'redis', isUsable: false });
  other.events.emit('breaker', { origin: 'service', state: 'open' });
  const value = await read(all);
  expect(value('sigillo_http_responses_total', { status: '200' })).toBe(2);
  expect(value('sigillo_budget_wait_seconds_count', { priority: 'poll', outcome: 'granted' })).toBe(2);
  expect(
    value('sigillo_budget_wait_seconds_bucket', { priority: 'poll', outcome: 'granted', le: '0.5' }),
  ).toBe(1);
  expect(value('sigillo_requests_in_flight')).toBe(5);
  expect(value('sigillo_workers')).toBe(2);
  // What all see is counted once, and what one sees is shown.
  expect(value('sigillo_webhooks_queued')).toBe(4);
  expect(value('sigillo_queue_oldest_due_seconds', { queue: 'polls' })).toBe(7);
  expect(value('sigillo_dependency_up', { dependency: 'redis' })).toBe(0);
  expect(value('sigillo_dependency_up', { dependency: 'service' })).toBe(1);
  expect(value('sigillo_breaker_state', { origin: 'service', state: 'open' })).toBe(1);
  expect(value('sigillo_build_info', { version: '1.2.3' })).toBe(1);
});

test('no counter falls when workers end, and their gauges are gone', async () => {
  const all = new WorkerMetrics();
  for (const [index, id] of [1, 2, 3].entries()) {
    const { events } = startWorker(all, id, { inFlight: 5 });
    events.emit('response', { status: 200 });
    expect((await read(all))('sigillo_http_responses_total', { status: '200' })).toBe(index + 1);
    if (id < 3) all.remove(id);
  }
  const value = await read(all);
  expect(value('sigillo_http_responses_total', { status: '200' })).toBe(3);
  expect(value('sigillo_requests_in_flight')).toBe(5);
  expect(value('sigillo_workers')).toBe(1);
  all.remove(3);
  expect((await read(all))('sigillo_http_responses_total', { status: '200' })).toBe(3);
});

test('of a worker that does not answer, the last values count', async () => {
  const all = new WorkerMetrics();
  const { events, hang } = startWorker(all, 1);
  const other = startWorker(all, 2);
  events.emit('response', { status: 200 });
  await all.metrics();
  hang();
  other.events.emit('response', { status: 200 });
  expect((await read(all))('sigillo_http_responses_total', { status: '200' })).toBe(2);
});
