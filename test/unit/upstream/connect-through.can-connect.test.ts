import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { canConnect, NO_PROXY } from '../../../src/upstream/connect-through.ts';
import { hasOpenssl, makeCertificate, trust } from '../../support/certificate.ts';

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  // A server that listens on TCP has an address of this form.
  return (server.address() as AddressInfo).port;
}

/** Without a proxy. */
const connect = (url: string, signal = AbortSignal.timeout(10_000)): Promise<void> =>
  canConnect(new URL(url), signal, NO_PROXY);

test('for http, a TCP connection is enough', async () => {
  const port = await listening(createServer((socket) => socket.resume()));
  await connect(`http://127.0.0.1:${port}/api`);
  await connect(`http://localhost:${port}`);
});

test('rejects with the system error code for a refused connection and an unknown name', async () => {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  await expect(connect(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
  await expect(connect('http://no-such-host.invalid')).rejects.toMatchObject({
    code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/),
  });
});

test('for https, a host that does not complete the handshake fails', async () => {
  const port = await listening(createServer((socket) => socket.resume()));
  await expect(connect(`https://localhost:${port}`, AbortSignal.timeout(100))).rejects.toThrow();
});

test.skipIf(!hasOpenssl)('with https the certificate must be trusted and of this name', async () => {
  const { key, cert } = makeCertificate('localhost');
  const server = createTlsServer({ key, cert });
  server.on('tlsClientError', () => {});
  const port = await listening(server);
  await expect(connect(`https://localhost:${port}`)).rejects.toMatchObject({
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  });
  trust(cert);
  await connect(`https://localhost:${port}`);
  await expect(connect(`https://127.0.0.1:${port}`)).rejects.toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});
