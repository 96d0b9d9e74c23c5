import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { ConfigError, ListenError, openGateway, startGateway } from '../../src/gateway/library.ts';

const logger = pino({ level: 'silent' });
const variables = { PORT: '0', SANDBOX_PORT: '0', GRAPHIQL: 'off' };

async function queryOf(url: string): Promise<unknown> {
  const body = JSON.stringify({ query: '{ __typename }' });
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return answer.json();
}

test('a gateway is started from variables, and closed', async () => {
  const gateway = await startGateway(variables, { logger });
  expect(await queryOf(gateway.url)).toEqual({ data: { __typename: 'Query' } });
  await gateway.close();
  await expect(queryOf(gateway.url)).rejects.toThrow('fetch failed');
});

test('a handler answers in a server beside other routes, and its close drains that server', async () => {
  const { handler, close } = await openGateway(variables, { logger });
  const server = createServer((req, res) => {
    if (req.url === '/own') res.end('own');
    else handler(req, res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  expect(await queryOf(`${origin}/graphql`)).toEqual({ data: { __typename: 'Query' } });
  expect(await (await fetch(`${origin}/own`)).text()).toBe('own');
  expect((await fetch(`${origin}/ready`)).status).toBe(200);
  await close(server);
  expect(server.listening).toBe(false);
});

test('a wrong variable is an error that names it', async () => {
  const started = startGateway({ ...variables, PORT: 'x' }, { logger });
  await expect(started).rejects.toThrow(ConfigError);
  await expect(started).rejects.toThrow('PORT');
});

test('several workers are refused, because the process is the one of the caller', async () => {
  const workers = { ...variables, WEB_CONCURRENCY: '2', REDIS_URL: 'redis://127.0.0.1:1' };
  await expect(startGateway(workers, { logger })).rejects.toThrow('WEB_CONCURRENCY must be 1');
});

test('a taken port is an error, and leaves nothing open', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const started = startGateway({ ...variables, PORT: String(port) }, { logger });
  await expect(started).rejects.toThrow(ListenError);
});
