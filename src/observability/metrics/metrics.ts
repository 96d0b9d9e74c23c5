import { collectDefaultMetrics, Registry } from 'prom-client';
import type { GatewayEvents } from '../events.ts';
import { countOperations } from './operation-metrics.ts';
import { watchQueues } from './queue-metrics.ts';
import type { QueueGauges } from './queue-metrics.ts';
import { countRequests } from './request-metrics.ts';
import type { RequestGauges } from './request-metrics.ts';
import { countSideEffects } from './side-effect-metrics.ts';
import type { SideEffectGauges } from './side-effect-metrics.ts';
import { countUploads } from './upload-metrics.ts';
import type { UploadGauges } from './upload-metrics.ts';
import { countUpstream } from './upstream-metrics.ts';

/** What is asked for when somebody reads the metrics. */
export interface MetricSources extends QueueGauges, RequestGauges, SideEffectGauges, UploadGauges {
  /** Of the package. */
  readonly version: string;
  /** Names that operations may have; see `plugins/operation-name.ts`. */
  readonly operationNames: readonly string[];
}

/** All metrics of one gateway, fed by its events. `docs/operations.md` has each of them. */
export function createMetrics(events: GatewayEvents, sources: MetricSources): Registry {
  const registry = new Registry();
  const registers = [registry];
  countOperations(events, registers, sources.operationNames);
  countRequests(events, registers, sources);
  countUpstream(events, registers);
  countUploads(events, registers, sources);
  countSideEffects(events, registers, sources);
  watchQueues(registers, sources);
  // Of the process and of Node. They observe it until it ends, whatever becomes of the registry.
  collectDefaultMetrics({ register: registry });
  return registry;
}
