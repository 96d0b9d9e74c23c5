import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Registry } from 'prom-client';

/**
 * Serves the metrics as text at `/metrics`, and nothing else. On a port of its own, so that it can be reached by those
 * who watch and by nobody else.
 */
export function createMetricsServer(registry: Registry): Server {
  return createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (req, res) => {
    const path = URL.parse(`http://metrics${req.url ?? ''}`)?.pathname;
    if (path !== '/metrics') return void res.writeHead(404, { 'content-length': 0 }).end();
    if (req.method !== 'GET' && req.method !== 'HEAD')
      return void res.writeHead(405, { allow: 'GET, HEAD', 'content-length': 0 }).end();
    registry.metrics().then(
      (text) => {
        const headers = {
          'content-type': registry.contentType,
          'content-length': Buffer.byteLength(text),
          'cache-control': 'no-store',
        };
        res.writeHead(200, headers).end(req.method === 'HEAD' ? undefined : text);
      },
      () => res.writeHead(500, { 'content-length': 0 }).end(),
    );
  });
}
