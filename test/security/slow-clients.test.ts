import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { GatewayOptions } from '../../src/gateway/start-gateway.ts';
import type { GatewayOverrides } from '../support/gateway-options.ts';
import { CLIENT_TIMES, createHttpServer, listen } from '../../src/http/server.ts';
import { multipartBody, PoliteClient, requestHead } from '../support/multipart.ts';
import { openSocket } from '../support/raw-http.ts';
import { logSink } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions } from '../support/token-issuer.ts';

/** The given timeouts, short, and all others long, so that a test triggers one timeout only. */
const LONG = { headers: 60_000, body: 60_000, request: 90_000, unread: 60_000, idle: 60_000, checkEvery: 20 };
const start = (times: Partial<typeof LONG>, options: GatewayOverrides = {}) =>
  startGateway({ clientTimes: { ...LONG, ...times }, uploadStallMs: 60_000, ...options });

/** Sends a text repeatedly, so that the connection is never idle, until it is closed. */
function drip(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 15);
  socket.on('close', () => clearInterval(timer));
  onTestFinished(() => clearInterval(timer));
}

/** A request of another client, while the attackers hold their connections. */
async function expectOthersServed(run: (query: string) => Promise<unknown>): Promise<void> {
  expect(await run('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
}

const HEAD = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

test('headers that never end: 408, and the connection is closed', async () => {
  const { url, run } = await start({ headers: 150 });
  const { socket, received, closed } = await openSocket(url);
  socket.write(HEAD);
  drip(socket, 'X-Drip: 1\r\n');
  await expectOthersServed(run);
  await closed();
  expect(received()).toMatch(/^HTTP\/1\.1 408 /);
});

test('a connection without data is closed', async () => {
  const { url, run } = await start({ headers: 150 });
  const { closed } = await openSocket(url);
  await expectOthersServed(run);
  await closed();
});

test.each([
  ['with its length', 'Content-Length: 500000\r\n\r\n', ' '],
  ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n', '1\r\n \r\n'],
])('a JSON body that trickles in %s: REQUEST_TIMEOUT, and the connection is closed', async (_, head, bit) => {
  const { url, run, sandbox } = await start({ body: 150 });
  const { socket, received, closed } = await openSocket(url);
  socket.write(HEAD + head);
  drip(socket, bit);
  await expectOthersServed(run);
  await closed();
  expect(received()).toMatch(/^HTTP\/1\.1 408 /);
  expect(received()).toContain('REQUEST_TIMEOUT');
  expect(sandbox.journal.entries()).toEqual([]);
});

test.each(['application/json', 'multipart/form-data; boundary=x'])(
  'a body (%s) that trickles in after a refusal: the connection is closed',
  async (type) => {
    const auth: GatewayOptions['auth'] = jwtOptions(new URL('http://127.0.0.1/never-called'));
    const { url } = await start({ body: 150 }, { auth });
    const { socket, received, closed } = await openSocket(url);
    socket.write(`POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n`);
    socket.write('Content-Length: 500000\r\n\r\n');
    drip(socket, ' ');
    await closed();
    expect(received()).toMatch(/^HTTP\/1\.1 401 /);
  },
);

test('a refused client that sends the rest at a normal rate can reuse its connection', async () => {
  const auth: GatewayOptions['auth'] = jwtOptions(new URL('http://127.0.0.1/never-called'));
  const { url } = await start({ body: 100 }, { auth });
  using client = new PoliteClient(Number(new URL(url).port));
  await client.begin(Buffer.alloc(3_000_000), 0);
  for (let sent = 0; sent < 30; sent += 1) {
    await client.write(Buffer.alloc(100_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect((await client.answer()).status).toBe(401);
  expect((await client.post(Buffer.from('x'))).status).toBe(401);
});

test.each([
  ['with its length', 'Content-Length: 500\r\n\r\n{"query":'],
  ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n9\r\n{"query":\r\n'],
])('a client that disconnects during a JSON body %s causes no error in the log', async (_, begun) => {
  const logs = logSink();
  const { url, run } = await start({}, { logger: logs.logger });
  const { socket, closed } = await openSocket(url);
  socket.end(HEAD + begun);
  await closed();
  await expectOthersServed(run);
  expect(logs.lines().filter(({ level }) => Number(level) >= 40)).toEqual([]);
});

test('a multipart field that trickles in, never silent for long: REQUEST_TIMEOUT', async () => {
  const { url, run } = await start({}, { uploadStallMs: 150 });
  const { socket, received } = await openSocket(url);
  const body = multipartBody([['operations', '{"query":"{ __typename }"}']], []);
  socket.write(requestHead('multipart/form-data', 500_000));
  socket.write(body.subarray(0, body.length - 40));
  drip(socket, ' ');
  await expectOthersServed(run);
  await expect.poll(received).toContain('REQUEST_TIMEOUT');
});

test('a file that trickles in, never silent for long: the upload ends and nothing is stored', async () => {
  const { url, run, sandbox } = await start({}, { uploadStallMs: 150 });
  const query = `mutation ($file: Upload!) { validateDocument(input: { file: $file }) { ... on Error { code } } }`;
  const operations = JSON.stringify({ query, variables: { file: null } });
  const file = { name: '0', content: Buffer.from('%PDF-1.7\n') };
  const body = multipartBody(
    [
      ['operations', operations],
      ['map', '{"0":["variables.file"]}'],
    ],
    [file],
  );
  const { socket, received } = await openSocket(url);
  socket.write(requestHead('multipart/form-data', 5_000_000));
  socket.write(body.subarray(0, body.length - 40));
  drip(socket, ' ');
  await expectOthersServed(run);
  await expect.poll(received).toContain('UPLOAD_INTERRUPTED');
  expect(sandbox.journal.entries().filter(({ status }) => status === 200)).toEqual([]);
});

test('an endless upload at a normal rate ends at the deadline of the request', async () => {
  const { url, run } = await start({ headers: 100, request: 400 }, { maxUploadBytes: 2 ** 31 - 1 });
  const body = multipartBody([['operations', '{"query":"{ __typename }"}']], []);
  const { socket, received, closed } = await openSocket(url);
  socket.write(requestHead('multipart/form-data', 2 ** 31));
  socket.write(body.subarray(0, body.length - 40));
  drip(socket, 'x'.repeat(1_000));
  await expectOthersServed(run);
  await closed();
  expect(received()).toMatch(/^HTTP\/1\.1 408 /);
});

test('a connection that is idle between requests is closed', async () => {
  const { url } = await start({ idle: 100 });
  const { socket, received, closed } = await openSocket(url);
  const body = '{"query":"{ __typename }"}';
  socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`);
  await closed();
  expect(received()).toContain('{"data":{"__typename":"Query"}}');
});

/** A server whose response is larger than the socket buffers. */
async function startWithLargeAnswer(unread: number) {
  const answer = Buffer.alloc(16 * 1024 * 1024, 'x');
  const server = createHttpServer((_, res) => void res.end(answer), { ...CLIENT_TIMES, unread });
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  return { socket, size: answer.length, connections: promisify(server.getConnections.bind(server)) };
}

test('the connection of a client that does not read its response is closed', async () => {
  const { socket, connections } = await startWithLargeAnswer(150);
  socket.pause();
  await expect.poll(() => connections()).toBe(1);
  await expect.poll(() => connections()).toBe(0);
});

test('a client that reads slowly gets the whole response', async () => {
  const { socket, size } = await startWithLargeAnswer(500);
  let bytes = 0;
  const beganAt = performance.now();
  // In steps of 400 kB, so that the response takes far longer than the timeout without reads.
  while (!socket.readableEnded && !socket.destroyed) {
    const chunk: Buffer | null = socket.read(400_000) ?? socket.read();
    bytes += chunk?.length ?? 0;
    await pause(40);
  }
  expect(performance.now() - beganAt).toBeGreaterThan(1_000);
  expect(bytes).toBeGreaterThan(size);
});
