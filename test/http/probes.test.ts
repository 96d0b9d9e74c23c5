import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { exchange } from '../support/raw-http.ts';
import { logSink } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

const at = (url: string, path: string): URL => new URL(path, url);

/** The URL of a closed port. */
async function deadAddress(): Promise<URL> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return new URL(`http://127.0.0.1:${port}/api/v1/sign`);
}

test.each([
  ['/health', '{"status":"ok"}'],
  ['/ready', '{"status":"ready"}'],
  ['/ready?at=now', '{"status":"ready"}'],
])('%s answers GET and HEAD, and refuses other methods', async (path, body) => {
  const { url } = await startGateway();
  const answer = await fetch(at(url, path));
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe(body);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const head = await fetch(at(url, path), { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect(head.headers.get('content-length')).toBe(String(body.length));
  const posted = await fetch(at(url, path), { method: 'POST', body: '{}' });
  expect({ status: posted.status, allow: posted.headers.get('allow') }).toEqual({
    status: 405,
    allow: 'GET, HEAD',
  });
});

test('a probe is identified by its whole path', async () => {
  const { url } = await startGateway();
  const ask = (target: string) => exchange(url, [`GET ${target} HTTP/1.1`, 'host: localhost']);
  const statusOf = async (target: string) => Number((await ask(target)).slice(9, 12));
  expect(await ask('/graphql?x=/health')).toContain('"errors"');
  expect(await statusOf('/graphql/health')).toBe(404);
  expect(await statusOf('//gateway/health')).toBe(404);
  expect(await statusOf('/health/')).toBe(404);
  expect(await statusOf('/x/../health')).toBe(200);
  expect(await statusOf('http://any.example/health')).toBe(200);
});

test('probes need neither credentials nor an allowed Host, count against no limit, and make no upstream call', async () => {
  const { url, sandbox } = await startGateway({
    auth: {
      mode: 'jwt',
      keySet: { url: await deadAddress(), maxStaleMs: 1_000 },
      rules: {
        issuer: 'i',
        audience: 'a',
        algorithms: ['RS256'],
        clockSkewSeconds: 0,
        claims: { role: 'role', tenant: 'tenant', fiscalCode: 'fiscal_code' },
      },
    },
    protections: { requestsPerMinute: 1, allowedHosts: ['firma.comune.example'] },
  });
  for (let n = 0; n < 5; n += 1) {
    for (const path of ['/health', '/ready']) {
      const answer = await exchange(url, [`GET ${path} HTTP/1.1`, 'host: 10.0.0.7:8080']);
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    }
  }
  expect((await fetch(url, { method: 'POST' })).status).not.toBe(429);
  expect(sandbox.journal.entries()).toEqual([]);
});

test('a gateway that cannot reach the service is live but not ready, and logs it once', async () => {
  const { logger, lines, expectNoSecrets } = logSink();
  const { url } = await startGateway({ apiUrl: await deadAddress(), logger });
  expect((await fetch(at(url, '/health'))).status).toBe(200);
  for (let n = 0; n < 3; n += 1) {
    const answer = await fetch(at(url, '/ready'));
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe('{"status":"unavailable"}');
  }
  expect((await fetch(at(url, '/ready'), { method: 'HEAD' })).status).toBe(503);
  expect(lines()).toMatchObject([
    { level: 40, check: 'service', cause: 'ECONNREFUSED', msg: 'not ready: the service cannot be reached' },
  ]);
  expectNoSecrets();
});

test('readiness needs a connection to the service, not an answer', async () => {
  const received: unknown[] = [];
  const service = createServer((socket) => socket.on('data', (chunk) => received.push(chunk)));
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  onTestFinished(() => void service.close());
  // A server that listens on TCP has an address of this form.
  const { port } = service.address() as AddressInfo;
  const { url } = await startGateway({ apiUrl: new URL(`http://127.0.0.1:${port}/api/v1/sign`) });
  const connected = once(service, 'connection');
  expect((await fetch(at(url, '/ready'))).status).toBe(200);
  const [socket] = await connected;
  if (!socket.closed) await once(socket, 'close');
  expect(received).toEqual([]);
});
