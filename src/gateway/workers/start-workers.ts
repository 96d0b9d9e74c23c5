import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from '../../config/load.ts';
import { ProcessStreamCounts } from '../../graphql/subscriptions/stream-limits.ts';
import { FixedWindows, MINUTE_MS } from '../../http/rate-limit.ts';
import { listen } from '../../http/server.ts';
import type { WorkerMetrics } from '../../observability/metrics/start-metrics.ts';
import type { Gateway } from '../start-gateway.ts';
import { WorkerProcess } from './worker-process.ts';
import type { SharedCounts } from './worker-process.ts';

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
  const { WorkerMetrics } = await import('../../observability/metrics/start-metrics.ts');
  const source: WorkerMetrics = new WorkerMetrics();
  return { source, endpoint: await startMetrics(address, source) };
}

export interface WorkerGroupOptions {
  /** How many workers. */
  readonly size: number;
  /** Added to the environment of the workers. */
  readonly env: Readonly<Record<string, string>>;
  readonly counts: SharedCounts;
  readonly metrics: WorkerMetrics | undefined;
  readonly logger: Logger;
}

/** The pause before a restart doubles with each life that is shorter than `STABLE_MS`. */
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 30_000;
const STABLE_MS = 60_000;

/** Keeps a number of workers running. */
class WorkerGroup {
  readonly #options: WorkerGroupOptions;
  readonly #running = new Set<WorkerProcess>();
  readonly #stopping = new AbortController();

  constructor(options: WorkerGroupOptions) {
    this.#options = options;
    // Also after an uncaught error, or a second signal.
    process.on('exit', () => this.kill());
  }

  /** @returns the URL of the gateway, when all workers accept requests. @throws {WorkerStartError} */
  async start(): Promise<string> {
    const workers = Array.from({ length: this.#options.size }, () => this.#fork());
    try {
      const [url = ''] = await Promise.all(workers.map(({ ready }) => ready));
      for (const worker of workers) void this.#keepRunning(worker);
      return url;
    } catch (error) {
      this.kill();
      throw error;
    }
  }

  /** Resolves when all workers have shut down gracefully. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const workers = [...this.#running];
    for (const worker of workers) worker.stop();
    const exits = await Promise.all(workers.map(({ ended }) => ended));
    const bad = exits.find((exit) => exit !== 0);
    if (bad !== undefined) throw new Error(`a worker did not shut down gracefully (${bad})`);
  }

  kill(): void {
    this.#stopping.abort();
    for (const worker of this.#running) worker.kill();
  }

  #fork(): WorkerProcess {
    const { env, counts, metrics } = this.#options;
    const worker = new WorkerProcess(env, counts);
    this.#running.add(worker);
    metrics?.add(worker.id, () => worker.metrics());
    void worker.ended.then(() => {
      this.#running.delete(worker);
      metrics?.remove(worker.id);
    });
    void this.#killWhenItHangs(worker);
    return worker;
  }

  async #killWhenItHangs(worker: WorkerProcess): Promise<void> {
    await worker.hangs();
    if (!this.#running.has(worker)) return;
    this.#options.logger.error({ worker: worker.id }, 'a worker does not answer and is killed');
    worker.kill();
  }

  /** Starts another worker whenever the last one has ended. */
  async #keepRunning(first: WorkerProcess): Promise<void> {
    const { logger } = this.#options;
    const { signal } = this.#stopping;
    let worker = first;
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      const startedAt = performance.now();
      const exit = await worker.ended;
      if (signal.aborted) return;
      if (performance.now() - startedAt > STABLE_MS) pauseMs = FIRST_PAUSE_MS;
      logger.error({ worker: worker.id, exit, restartInMs: pauseMs }, 'a worker has ended');
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
      worker = this.#fork();
      this.#logStart(worker);
    }
  }

  #logStart({ id, ready }: WorkerProcess): void {
    const { logger } = this.#options;
    ready.then(
      () => logger.info({ worker: id }, 'a worker has started'),
      (error: Error) => logger.error({ worker: id, mistake: error.message }, 'a worker could not start'),
    );
  }
}
