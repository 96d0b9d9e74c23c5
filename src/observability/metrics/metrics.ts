import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { GatewayEvents } from '../events.ts';
import { QUEUES } from '../queues.ts';
import type { Queues } from '../queues.ts';
import { countOperations } from './operation-metrics.ts';
import { countRequests } from './request-metrics.ts';
import type { RequestGauges } from './request-metrics.ts';
import { countSideEffects } from './side-effect-metrics.ts';
import type { SideEffectGauges } from './side-effect-metrics.ts';
import { countUploads } from './upload-metrics.ts';
import type { UploadGauges } from './upload-metrics.ts';
import { countUpstream } from './upstream-metrics.ts';

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
