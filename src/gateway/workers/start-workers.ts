import { createServer } from 'node:http';
import type { Logger } from 'pino';
import type { Config } from '../../config/load.ts';
import { ProcessStreamCounts } from '../../graphql/subscriptions/stream-counts.ts';
import { FixedWindows } from '../../http/fixed-windows.ts';
import { MINUTE_MS } from '../../http/rate-limit.ts';
import { listen } from '../../http/server.ts';
import type { WorkerMetrics } from '../../observability/metrics/worker-metrics.ts';
import type { Gateway } from '../start-gateway.ts';
import { WorkerGroup } from './worker-group.ts';

export interface WorkersOptions extends Config {
  /** Added to the environment of the workers. */
  readonly env: Readonly<Record<string, string>>;
  readonly logger: Logger;
}

/**
 * Starts a gateway of several workers that listen on one port (`SO_REUSEPORT`): the system distributes the connections. This
 * process, the primary, keeps the workers running, counts what is limited for all of them, and serves their metrics.
 *
 * The primary of `node:cluster` could accept the connections instead. Those that it has handed to a worker that is killed, or
 * that shuts down, would then hang instead of being reset.
 * @throws {WorkerStartError} @throws {ListenError}
 */
export async function startWorkers(options: WorkersOptions): Promise<Gateway> {
  const { workers: size, env, protections, streams, logger } = options;
  const PORT = String(await findPort(options));
  const metrics = await serveMetrics(options);
  const counts = {
    requests: new FixedWindows(protections.requestsPerMinute, MINUTE_MS),
    streams: new ProcessStreamCounts(streams),
  };
  const group = new WorkerGroup({ size, env: { ...env, PORT }, counts, metrics: metrics?.source, logger });
  const close = async (): Promise<void> => {
    await group.stop();
    await metrics?.endpoint.close();
  };
  let closed: Promise<void> | undefined;
  try {
    const url = await group.start();
    return { url, metricsUrl: metrics?.endpoint.url, close: () => (closed ??= close()) };
  } catch (error) {
    await metrics?.endpoint.close(); // or an open socket would keep the process alive
    throw error;
  }
}

/** Listens for a moment, because processes with `reusePort` would not notice that another gateway uses the port. */
async function findPort({ host, port: wanted }: Config): Promise<number> {
  const server = createServer();
  const port = await listen(server, { host, port: wanted });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The modules of the metrics are loaded only when they are needed. */
async function serveMetrics({ metrics: address }: Config) {
  if (address === undefined) return undefined;
  const { startMetrics } = await import('../../observability/metrics/start-metrics.ts');
  const { WorkerMetrics } = await import('../../observability/metrics/worker-metrics.ts');
  const source: WorkerMetrics = new WorkerMetrics();
  return { source, endpoint: await startMetrics(address, source) };
}
