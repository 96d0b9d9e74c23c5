import { collectDefaultMetrics, Gauge, Registry, Counter, Histogram } from 'prom-client';
import type { GatewayEvents } from '../events.ts';
import { QUEUES } from '../queues.ts';
import type { Queues } from '../queues.ts';
import { bounded, IDEMPOTENCY_OUTCOMES, WEBHOOK_OUTCOMES, UPLOAD_OUTCOMES } from './labels.ts';
import { countOperations, countRequests, countUpstream } from './request-metrics.ts';
import type { RequestGauges } from './request-metrics.ts';

/** The values that are read with the metrics. */
export interface MetricSources extends QueueGauges, RequestGauges, SideEffectGauges, UploadGauges {
  /** The version of the package. */
  readonly version: string;
  /** The labels of operations; see `labelOf`. */
  readonly operationNames: readonly string[];
}

/**
 * All metrics of one gateway, fed by its events. `docs/operations.md` describes each of them. The aggregator of a gauge says
 * what its value is for several workers: their sum, unless it is given.
 */
export function createMetrics(events: GatewayEvents, sources: MetricSources): Registry {
  const registry = new Registry();
  const registers = [registry];
  countOperations(events, registers, sources.operationNames);
  countRequests(events, registers, sources);
  countUpstream(events, registers);
  countUploads(events, registers, sources);
  countSideEffects(events, registers, sources);
  watchQueues(registers, sources);
  new Gauge({ name: 'sigillo_workers', help: 'Processes that answer requests.', registers }).set(1);
  // The metrics of Node and the process observe it until it exits, even after the registry is gone.
  collectDefaultMetrics({ register: registry });
  return registry;
}

interface QueueGauges {
  readonly queues: Pick<Queues, 'oldestDueMs'>;
}

/** Shows whether every queue makes progress. */
function watchQueues(registers: Registry[], { queues }: QueueGauges): void {
  new Gauge({
    name: 'sigillo_queue_oldest_due_seconds',
    help: 'Age of the oldest item of a queue that is due and not being worked on; 0: there is none, -1: unknown.',
    labelNames: ['queue'],
    aggregator: 'max',
    registers,
    async collect() {
      const measure = async (queue: (typeof QUEUES)[number]): Promise<void> => {
        const ms = await queues.oldestDueMs(queue);
        this.set({ queue }, ms === undefined ? -1 : ms / 1_000);
      };
      await Promise.all(QUEUES.map(measure));
    },
  });
}

interface SideEffectGauges {
  /** Undefined while the count is unknown. */
  readonly webhooksQueued: () => Promise<number | undefined>;
}

/** Idempotent mutations, webhooks, and the release. */
function countSideEffects(
  events: GatewayEvents,
  registers: Registry[],
  { version, webhooksQueued }: SideEffectGauges & { readonly version: string },
): void {
  const idempotency = new Counter({
    name: 'sigillo_idempotency_total',
    help: 'Mutations with an idempotency key, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const webhooks = new Counter({
    name: 'sigillo_webhook_deliveries_total',
    help: 'Webhook deliveries: attempts by outcome, and events given up.',
    labelNames: ['outcome'],
    registers,
  });
  new Gauge({
    name: 'sigillo_webhooks_queued',
    help: 'Requests with undelivered webhook events, counted once for each endpoint. -1: Redis is unavailable.',
    aggregator: 'max',
    registers,
    async collect() {
      this.set((await webhooksQueued()) ?? -1);
    },
  });
  const build = new Gauge({
    name: 'sigillo_build_info',
    help: 'Always 1; the label is the release.',
    labelNames: ['version'],
    aggregator: 'max',
    registers,
  });
  build.set({ version }, 1);
  const [idempotencyOf, webhookOf] = [bounded(IDEMPOTENCY_OUTCOMES), bounded(WEBHOOK_OUTCOMES)];
  for (const outcome of IDEMPOTENCY_OUTCOMES) idempotency.inc({ outcome }, 0);
  for (const outcome of WEBHOOK_OUTCOMES) webhooks.inc({ outcome }, 0);

  events.on('idempotency', ({ outcome }) => idempotency.inc({ outcome: idempotencyOf(outcome) }));
  events.on('webhook', ({ outcome }) => webhooks.inc({ outcome: webhookOf(outcome) }));
}

interface UploadGauges {
  readonly blocksInUse: () => number;
  readonly uploadsWaitingForBlocks: () => number;
}

/** In seconds, up to the lifetime of a pre-signed upload URL. */
const DURATION_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

/** Files that pass through the gateway. */
function countUploads(
  events: GatewayEvents,
  registers: Registry[],
  { blocksInUse, uploadsWaitingForBlocks }: UploadGauges,
): void {
  const inFlight = new Gauge({
    name: 'sigillo_uploads_in_flight',
    help: 'Uploads in progress.',
    registers,
  });
  const bytes = new Counter({
    name: 'sigillo_upload_bytes_total',
    help: 'Bytes of PDFs received from clients.',
    registers,
  });
  const uploads = new Counter({
    name: 'sigillo_uploads_total',
    help: 'Files by outcome: ok, the fault of the file, or upstream when the service failed.',
    labelNames: ['outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'sigillo_upload_duration_seconds',
    help: 'Duration of complete uploads, from the first byte until the file is stored or checked.',
    buckets: DURATION_BUCKETS,
    registers,
  });
  new Gauge({
    name: 'sigillo_upload_blocks_in_use',
    help: 'Blocks of 4 MiB in use, of 12.',
    registers,
    collect() {
      this.set(blocksInUse());
    },
  });
  new Gauge({
    name: 'sigillo_upload_block_waiters',
    help: 'Uploads waiting for a block.',
    registers,
    collect() {
      this.set(uploadsWaitingForBlocks());
    },
  });
  const outcomeOf = bounded(UPLOAD_OUTCOMES);
  for (const outcome of UPLOAD_OUTCOMES) uploads.inc({ outcome }, 0);

  events.on('uploadStarted', () => inFlight.inc());
  events.on('uploadBytes', (count) => bytes.inc(count));
  events.on('uploadEnded', ({ outcome, durationMs }) => {
    inFlight.dec();
    uploads.inc({ outcome: outcomeOf(outcome) });
    if (outcome === 'ok') durations.observe(durationMs / 1000);
  });
}
