import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { AggregatorRegistry, Registry } from 'prom-client';
import { listen, originOf } from '../../http/server.ts';

/** The address of the metrics server. */
export interface MetricsAddress {
  readonly host: string;
  /** 0: a free port. */
  readonly port: number;
}

export interface MetricsEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** The text of the metrics, and its media type. */
type MetricsSource = Pick<Registry, 'metrics' | 'contentType'>;

/** @throws {ListenError} */
export async function startMetrics(address: MetricsAddress, source: MetricsSource): Promise<MetricsEndpoint> {
  const server = createMetricsServer(source);
  const port = await listen(server, address, 'metrics');
  return {
    url: `${originOf(address.host, port)}/metrics`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Serves the metrics as text at `/metrics` and nothing else, on its own port, which a firewall can restrict to monitoring.
 */
function createMetricsServer(source: MetricsSource): Server {
  return createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (req, res) => {
    const path = URL.parse(`http://metrics${req.url ?? ''}`)?.pathname;
    if (path !== '/metrics') return void res.writeHead(404, { 'content-length': 0 }).end();
    if (req.method !== 'GET' && req.method !== 'HEAD')
      return void res.writeHead(405, { allow: 'GET, HEAD', 'content-length': 0 }).end();
    source.metrics().then(
      (text) => {
        const headers = {
          'content-type': source.contentType,
          'content-length': Buffer.byteLength(text),
          'cache-control': 'no-store',
        };
        res.writeHead(200, headers).end(req.method === 'HEAD' ? undefined : text);
      },
      () => res.writeHead(500, { 'content-length': 0 }).end(),
    );
  });
}

/** The metrics of one worker at one moment, as `Registry.getMetricsAsJSON` returns them. */
export type MetricsSnapshot = readonly { readonly type: unknown }[];

/** What can only grow, so that a worker that ends must not take it away. */
const isCumulative = ({ type }: MetricsSnapshot[number]): boolean =>
  type === 'counter' || type === 'histogram';

/**
 * The metrics of all workers together. It keeps the last snapshot of each worker: for one that does not answer, and for the
 * counters of one that has ended.
 */
export class WorkerMetrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #readers = new Map<number, () => Promise<MetricsSnapshot>>();
  readonly #last = new Map<number, MetricsSnapshot>();
  #ended: Promise<MetricsSnapshot> = Promise.resolve([]);

  /** @param read rejects if the worker does not answer in time */
  add(worker: number, read: () => Promise<MetricsSnapshot>): void {
    this.#readers.set(worker, read);
  }

  /** The worker has ended: its counts since the last `metrics` are lost. */
  remove(worker: number): void {
    const last = this.#last.get(worker)?.filter(isCumulative);
    if (last !== undefined)
      this.#ended = this.#ended.then((ended) => sumOf([ended, last]).getMetricsAsJSON());
    this.#last.delete(worker);
    this.#readers.delete(worker);
  }

  async metrics(): Promise<string> {
    await Promise.all([...this.#readers].map(([worker, read]) => this.#read(worker, read)));
    const ended = this.#ended;
    const last = [...this.#last.values()];
    return await sumOf([...last, await ended]).metrics();
  }

  async #read(worker: number, read: () => Promise<MetricsSnapshot>): Promise<void> {
    const snapshot = await read().catch(() => undefined);
    if (snapshot !== undefined && this.#readers.has(worker)) this.#last.set(worker, snapshot);
  }
}

const sumOf = (snapshots: MetricsSnapshot[]): Registry => AggregatorRegistry.aggregate(snapshots);
