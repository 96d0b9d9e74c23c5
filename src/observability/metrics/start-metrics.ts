import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Registry } from 'prom-client';
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
