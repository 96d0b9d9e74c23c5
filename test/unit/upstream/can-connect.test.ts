import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { canConnect } from '../../../src/upstream/can-connect.ts';
import { hasOpenssl, makeCertificate, trust } from '../../support/certificate.ts';

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  // A server that listens on TCP has an address of this form.
  return (server.address() as AddressInfo).port;
}

const patience = (): AbortSignal => AbortSignal.timeout(10_000);

test('for http, a TCP connection is enough', async () => {
  const port = await listening(createServer((socket) => socket.resume()));
  await canConnect(new URL(`http://127.0.0.1:${port}/api`), patience());
  await canConnect(new URL(`http://localhost:${port}`), patience());
});

test('rejects with the system error code for a refused connection and an unknown name', async () => {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  await expect(canConnect(new URL(`http://127.0.0.1:${port}`), patience())).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
  await expect(canConnect(new URL('http://no-such-host.invalid'), patience())).rejects.toMatchObject({
    code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
  });
});

test('for https, a host that does not complete the handshake fails', async () => {
  const port = await listening(createServer((socket) => socket.resume()));
  await expect(canConnect(new URL(`https://localhost:${port}`), AbortSignal.timeout(100))).rejects.toThrow();
});

test.skipIf(!hasOpenssl)('with https the certificate must be trusted and of this name', async () => {
  const { key, cert } = makeCertificate('localhost');
  const server = createTlsServer({ key, cert });
  server.on('tlsClientError', () => {});
  const port = await listening(server);
  await expect(canConnect(new URL(`https://localhost:${port}`), patience())).rejects.toMatchObject({
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  });
  trust(cert);
  await canConnect(new URL(`https://localhost:${port}`), patience());
  await expect(canConnect(new URL(`https://127.0.0.1:${port}`), patience())).rejects.toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});
