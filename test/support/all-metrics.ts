import { createEvents } from '../../src/observability/events.ts';
import { createMetrics } from '../../src/observability/metrics/metrics.ts';
import { Queues } from '../../src/observability/queues.ts';

const nothing = (): number => 0;

/** The label names of each metric of a gateway, including those of Node and the process. */
export function allMetrics(): Map<string, readonly string[]> {
  const registry = createMetrics(createEvents(), {
    version: '1',
    operationNames: [],
    requestsInFlight: nothing,
    openStreams: nothing,
    watchedRequests: nothing,
    dependencies: ['service'],
    blocksInUse: nothing,
    uploadsWaitingForBlocks: nothing,
    webhooksQueued: () => Promise.resolve(0),
    queues: new Queues(),
  });
  return new Map(
    registry.getMetricsAsArray().map((metric) => {
      // The types of the package lack these two.
      const { name, labelNames } = metric as unknown as { name: string; labelNames: readonly string[] };
      return [name, labelNames];
    }),
  );
}
