import { expect, test } from 'vitest';
import { createEvents } from '../../../../src/observability/events.ts';
import { createMetrics } from '../../../../src/observability/metrics/metrics.ts';
import type { MetricSources } from '../../../../src/observability/metrics/metrics.ts';
import { Queues, QUEUES } from '../../../../src/observability/queues.ts';
import { ERROR_CODES } from '../../../../src/resolvers/errors/codes.ts';
import { PERSONAL_DATA } from '../../../support/personal-data.ts';
import { parseMetrics, valueOf } from '../../../support/scrape.ts';

const nothing = (): number => 0;
const NO_SOURCES: MetricSources = {
  version: '1',
  operationNames: ['dossier'],
  requestsInFlight: nothing,
  openStreams: nothing,
  watchedRequests: nothing,
  dependencies: ['service'],
  blocksInUse: nothing,
  uploadsWaitingForBlocks: nothing,
  webhooksQueued: async () => 0,
  queues: new Queues(),
};
const FISCAL_CODE = 'SPNDNL80R13C555X';

test('unknown label values add one series, regardless of their number', async () => {
  const events = createEvents();
  const registry = createMetrics(events, NO_SOURCES);
  for (let n = 0; n < 100; n += 1) {
    const [operation, text] = [`${FISCAL_CODE}${n}`, `https://storage/${n}?sig=${n}`];
    events.emit('operation', { type: 'query', name: operation, outcome: 'ok', durationMs: 1 });
    events.emit('errorAnswered', { code: text });
    events.emit('response', { status: 600 + n });
    events.emit('upstreamCall', { operation, outcome: text, attempts: 1, durationMs: 1 });
    events.emit('upstreamRetry', { operation, kind: text });
    events.emit('coalescedRead', { operation });
    events.emit('cachedRead', { operation });
    events.emit('uploadStarted');
    events.emit('uploadEnded', { outcome: text, durationMs: 1 });
    events.emit('dependency', { name: text, isUsable: true });
  }
  const samples = parseMetrics(await registry.metrics());
  for (const { name, labels: found } of samples)
    for (const value of Object.values(found))
      for (const pattern of PERSONAL_DATA) expect(value, name).not.toMatch(pattern);
  expect(valueOf(samples, 'sigillo_operations_total', { operation: 'other' })).toBe(100);
  expect(valueOf(samples, 'sigillo_errors_total', { code: 'other' })).toBe(100);
  expect(valueOf(samples, 'sigillo_http_responses_total', { status: 'other' })).toBe(100);
  expect(valueOf(samples, 'sigillo_upstream_calls_total', { operation: 'other', outcome: 'other' })).toBe(
    100,
  );
  expect(valueOf(samples, 'sigillo_uploads_total', { outcome: 'other' })).toBe(100);
  const series = samples.filter(({ name }) => name === 'sigillo_errors_total');
  expect(series).toHaveLength(ERROR_CODES.length + 1);
});

test('a queue has the age of its oldest due item, or -1 if the age is unknown', async () => {
  const queues = new Queues();
  queues.add('rate-budget', () => 0);
  queues.add('rate-budget', () => 1_500);
  queues.add('webhooks', () => Promise.resolve(90_000));
  queues.add('polls', () => {
    throw new Error('unknown');
  });
  queues.add('watched-requests', () => Promise.reject(new Error('Redis is unreachable')));
  const registry = createMetrics(createEvents(), { ...NO_SOURCES, queues });
  const samples = parseMetrics(await registry.metrics());
  const ages = QUEUES.map((queue) => [
    queue,
    valueOf(samples, 'sigillo_queue_oldest_due_seconds', { queue }),
  ]);
  expect(Object.fromEntries(ages)).toEqual({
    webhooks: 90,
    'watched-requests': -1,
    polls: -1,
    'rate-budget': 1.5,
    'upload-bulkhead': 0,
    'upload-blocks': 0,
    inspections: 0,
    idempotency: 0,
  });
});
