import { expect, test } from 'vitest';
import { exchange } from '../support/raw-http.ts';
import { startGateway } from '../support/start-gateway.ts';

/** A query of a web page whose host name resolves to the gateway: for the browser it is of the same origin. */
const send = (url: string, host: string | undefined) =>
  exchange(
    url,
    [
      `POST /graphql HTTP/1.${host === undefined ? 0 : 1}`,
      ...(host === undefined
        ? []
        : [`host: ${host}`, `origin: http://${host}`, 'sec-fetch-site: same-origin']),
      'content-type: application/json',
    ],
    '{"query":"{ __typename }"}',
  );

test.each([
  'evil.example',
  'evil.example:4000',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '10.0.0.7',
  '',
  undefined,
])('a gateway on loopback refuses the host %j', async (host) => {
  const { url, sandbox } = await startGateway();
  const answer = await send(url, host);
  expect(answer).toMatch(/^HTTP\/1\.1 421 /);
  expect(answer).toContain('HOST_NOT_ALLOWED');
  expect(sandbox.journal.entries()).toEqual([]);
});

test('an invalid host name is not searched for an allowed one', async () => {
  const { url, sandbox } = await startGateway();
  expect(await send(url, 'evil.example#localhost')).toMatch(/^HTTP\/1\.1 400 /);
  expect(sandbox.journal.entries()).toEqual([]);
});

test('GraphiQL is not served for a foreign host either', async () => {
  const { url } = await startGateway();
  const page = await exchange(url, ['GET /graphql HTTP/1.1', 'host: evil.example', 'accept: text/html']);
  expect(page).toMatch(/^HTTP\/1\.1 421 /);
});

test.each(['localhost', 'LOCALHOST:4000', '127.0.0.1:1234', '[::1]:4000'])(
  'it accepts the host %s',
  async (host) => {
    const { url } = await startGateway();
    expect(await send(url, host)).toContain('{"data":{"__typename":"Query"}}');
  },
);

test('ALLOWED_HOSTS are accepted behind a proxy, and all other hosts are refused', async () => {
  const protections = { allowedHosts: ['firma.comune.example'] };
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    const { url } = await startGateway({ host, protections });
    const address = url.replace('localhost', '127.0.0.1');
    expect(await send(address, 'firma.comune.example')).toContain('__typename');
    expect(await send(address, 'evil.example')).toContain('HOST_NOT_ALLOWED');
  }
});

test('a gateway that listens on all interfaces without ALLOWED_HOSTS accepts every host', async () => {
  const { url } = await startGateway({ host: '0.0.0.0' });
  expect(await send(url.replace('localhost', '127.0.0.1'), 'firma.comune.example')).toContain('__typename');
});
