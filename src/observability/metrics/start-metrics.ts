import type { GatewayEvents } from '../events.ts';
import { listen, originOf } from '../../http/server.ts';
import { createMetrics } from './metrics.ts';
import type { MetricSources } from './metrics.ts';
import { createMetricsServer } from './metrics-server.ts';

/** Where metrics are served. */
export interface MetricsAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface MetricsEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** Counts what the events tell, and listens. @throws {ListenError} */
export async function startMetrics(
  address: MetricsAddress,
  events: GatewayEvents,
  sources: MetricSources,
): Promise<MetricsEndpoint> {
  const server = createMetricsServer(createMetrics(events, sources));
  const port = await listen(server, address, 'metrics');
  return {
    url: `${originOf(address.host, port)}/metrics`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
