import { expect, test } from 'vitest';
import { exchange } from '../support/raw-http.ts';
import { startGateway } from '../support/start-gateway.ts';

/** A query as a page sends it whose name leads to the gateway's address: of the same origin, as the browser sees it. */
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
])('a gateway on loopback does not answer as %j', async (host) => {
  const { url, sandbox } = await startGateway();
  const answer = await send(url, host);
  expect(answer).toMatch(/^HTTP\/1\.1 421 /);
  expect(answer).toContain('HOST_NOT_ALLOWED');
  expect(sandbox.journal.entries()).toEqual([]);
});

test('a name that is none is not looked into for one', async () => {
  const { url, sandbox } = await startGateway();
  expect(await send(url, 'evil.example#localhost')).toMatch(/^HTTP\/1\.1 400 /);
  expect(sandbox.journal.entries()).toEqual([]);
});

test('the page for browsers is not shown under a foreign name either', async () => {
  const { url } = await startGateway();
  const page = await exchange(url, ['GET /graphql HTTP/1.1', 'host: evil.example', 'accept: text/html']);
  expect(page).toMatch(/^HTTP\/1\.1 421 /);
});

test.each(['localhost', 'LOCALHOST:4000', '127.0.0.1:1234', '[::1]:4000'])(
  'it answers as %s',
  async (host) => {
    const { url } = await startGateway();
    expect(await send(url, host)).toContain('{"data":{"__typename":"Query"}}');
  },
);

test('ALLOWED_HOSTS are names that a gateway behind a proxy has too, and from then on all others are refused', async () => {
  const protections = { allowedHosts: ['firma.comune.example'] };
  for (const host of ['127.0.0.1', '0.0.0.0']) {
    const { url } = await startGateway({ host, protections });
    const address = url.replace('localhost', '127.0.0.1');
    expect(await send(address, 'firma.comune.example')).toContain('__typename');
    expect(await send(address, 'evil.example')).toContain('HOST_NOT_ALLOWED');
  }
});

test('a gateway that listens everywhere and was told no names takes every name', async () => {
  const { url } = await startGateway({ host: '0.0.0.0' });
  expect(await send(url.replace('localhost', '127.0.0.1'), 'firma.comune.example')).toContain('__typename');
});
