import { MockAgent } from 'undici';
import { expect, test } from 'vitest';
import { MultipartBody } from '../../../src/upstream/call.ts';
import { sendJson, startHttpStub } from '../../support/http-stub.ts';
import type { StubHandler } from '../../support/http-stub.ts';
import { READ, CREATE, clientAt, start, failureOf, never, ok } from './support-clients.ts';

test.each([
  [400, 'bad-request'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [409, 'bad-request'],
  [422, 'unprocessable'],
  [429, 'rate-limited'],
  [500, 'server-error'],
  [503, 'server-error'],
])('status %i has the kind %s, with the text of either envelope', async (status, kind) => {
  const words = `The text of ${status}`;
  const problem = { title: 'A title', status, detail: words };
  const gateway = { statusCode: status, message: words };
  const { client } = await start((_, res, __, nth) =>
    nth === 1
      ? sendJson(res, status, problem)
      : sendJson(res, status, gateway, { 'content-type': 'application/json' }),
  );
  // A 404 of the backend has a body of its own; a 404 of the API gateway means a wrong base URL.
  const kindBefore = status === 404 ? 'contract' : kind;
  const facts = { name: 'UpstreamError', operation: 'createDossier', kind, status, detail: words };
  const once = {
    ...CREATE,
    effect: 'stream' as const,
    body: new MultipartBody('text/plain', (async function* () {})()),
  };
  expect(await failureOf(client.call(once))).toMatchObject(facts);
  const again = {
    ...CREATE,
    effect: 'stream' as const,
    body: new MultipartBody('text/plain', (async function* () {})()),
  };
  const failure = await failureOf(client.call(again));
  expect(failure).toMatchObject({ ...facts, kind: kindBefore });
  expect(failure.message).toBe(`createDossier: ${kindBefore} (HTTP ${status})`);
});

test.each([
  ['HTML', 'text/html', '<h1>Bad Gateway</h1>'],
  ['truncated JSON', 'application/json', '{"detail":'],
  ['JSON of another shape', 'application/json', '[1]'],
  ['a detail that is not a string', 'application/problem+json', '{"detail":{"a":1}}'],
  ['nothing', 'application/json', ''],
])('an error with %s keeps its status and has no text', async (_, type, body) => {
  const { client } = await start((__, res) => void res.writeHead(403, { 'content-type': type }).end(body));
  expect(await failureOf(client.call(READ))).toMatchObject({
    kind: 'forbidden',
    status: 403,
    detail: undefined,
  });
});

test.each([
  ['HTML instead of JSON', 200, { 'content-type': 'text/html' }, '{}'],
  ['no content type', 200, {}, '{}'],
  ['JSON that does not parse', 200, { 'content-type': 'application/json' }, '{"a":'],
  ['no body', 200, { 'content-type': 'application/json' }, ''],
  ['a success that is not expected', 202, { 'content-type': 'application/json' }, '{}'],
  ['204 for a call that needs a body', 204, {}, undefined],
])('%s is a contract failure that is not retried', async (_, status, headers, body) => {
  const { stub, client } = await start((__, res) => void res.writeHead(status, headers).end(body));
  expect(await failureOf(client.call(READ))).toMatchObject({ kind: 'contract', status });
  expect(stub.calls).toHaveLength(1);
});

test('a body that does not decode is a contract failure with the reason as its cause', async () => {
  const { client } = await start(ok);
  const reason = new TypeError('wrong shape');
  const decode = (): never => {
    throw reason;
  };
  expect(await failureOf(client.call({ ...READ, decode }))).toMatchObject({
    kind: 'contract',
    cause: reason,
  });
});

test('each expected status is a success, and a 204 has no body', async () => {
  const { client } = await start((_, res, __, nth) =>
    nth < 3 ? sendJson(res, nth === 1 ? 200 : 201, { nth }) : void res.writeHead(204).end(),
  );
  const call = { ...READ, expect: [200, 201, 204] };
  expect(await client.call(call)).toEqual({ nth: 1 });
  expect(await client.call(call)).toEqual({ nth: 2 });
  expect(await client.call(call)).toBeUndefined();
});

test.each(['application/json; charset=utf-8', 'application/problem+json', 'Application/JSON'])(
  'a body of type %s is parsed as JSON',
  async (type) => {
    const { client } = await start((_, res) => sendJson(res, 200, { a: 1 }, { 'content-type': type }));
    expect(await client.call(READ)).toEqual({ a: 1 });
  },
);

test('an answer over the size limit is a contract failure without a retry', async () => {
  const { stub, client } = await start((_, res) => {
    res.on('error', () => {});
    sendJson(res, 200, 'x'.repeat(9 * 1024 * 1024));
  });
  expect(await failureOf(client.call(READ))).toMatchObject({ kind: 'contract' });
  expect(stub.calls).toHaveLength(1);
});

test.each([
  ['no HTTP', 'hello\r\n\r\n'],
  ['an invalid header', 'HTTP/1.1 200 OK\r\nwhat is this\r\n\r\n'],
  ['an endless header', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`],
])('an answer that is %s is a contract failure', async (_, words) => {
  const { stub, client } = await start((__, ___, req) => void req.socket.end(words));
  expect(await failureOf(client.call(READ))).toMatchObject({ kind: 'contract' });
  expect(stub.calls).toHaveLength(1);
});

const resetBefore: StubHandler = (_, __, req) => void req.socket.resetAndDestroy();
const resetWithin: StubHandler = (_, res, req) => {
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  res.write('{"a":', () => req.socket.resetAndDestroy());
};

const endWithin: StubHandler = (_, __, req) =>
  void req.socket.end(
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a":',
  );

test.each([
  ['reset before the answer', resetBefore],
  ['reset within the answer', resetWithin],
  ['ended within the answer', endWithin],
])('a connection %s is lost: a GET is retried, a POST is not', async (_, reset) => {
  const { stub, client } = await start(reset);
  expect(await failureOf(client.call(READ))).toMatchObject({ kind: 'connection-lost', status: undefined });
  expect(stub.calls).toHaveLength(3);
  expect(await failureOf(client.call(CREATE))).toMatchObject({ kind: 'connection-lost' });
  expect(await failureOf(client.call({ ...CREATE, method: 'PUT' }))).toMatchObject({
    kind: 'connection-lost',
  });
  expect(stub.calls.slice(3).map(({ method }) => method)).toEqual(['POST', 'PUT']);
});

test('a read that succeeds on retry is a success', async () => {
  const { stub, client } = await start((call, res, req, nth) =>
    nth === 1 ? resetBefore(call, res, req, nth) : ok(call, res, req, nth),
  );
  expect(await client.call(READ)).toEqual({ fine: true });
  expect(stub.calls).toHaveLength(2);
});

test('a refused connection is unreachable', async () => {
  const probe = await startHttpStub(ok);
  const { origin } = probe;
  const closed = clientAt(origin.replace(/:\d+$/, ':1'));
  expect(await failureOf(closed.call(READ))).toMatchObject({ kind: 'unreachable' });
});

test('a POST that was not sent is retried', async () => {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const pool = agent.get('http://service');
  const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  pool.intercept({ path: '/api/v1/sign/dossiers', method: 'POST' }).replyWithError(refused).times(2);
  pool
    .intercept({ path: '/api/v1/sign/dossiers', method: 'POST' })
    .reply(200, { fine: true }, { headers: { 'content-type': 'application/json' } });
  expect(await clientAt('http://service', { dispatcher: agent }).call(CREATE)).toEqual({ fine: true });
  agent.assertNoPendingInterceptors();
});

test.each<[string, StubHandler]>([
  ['no answer', never],
  ['an answer that stalls', (_, res) => void res.writeHead(200, { 'content-length': '9' }).write('{')],
])('%s within the deadline is a timeout without a retry', async (_, handler) => {
  const { stub, client } = await start(handler, { timeoutMs: 150 });
  expect(await failureOf(client.call(READ))).toMatchObject({ kind: 'timeout', operation: 'getDossier' });
  expect(stub.calls).toHaveLength(1);
  await expect.poll(() => stub.sockets.size).toBe(0);
});

test('one deadline covers all attempts', async () => {
  const { stub, client } = await start(
    (call, res, req, nth) => (nth === 1 ? resetBefore(call, res, req, nth) : undefined),
    { timeoutMs: 400 },
  );
  const startedAt = performance.now();
  expect(await failureOf(client.call(READ))).toMatchObject({ kind: 'timeout' });
  expect(performance.now() - startedAt).toBeLessThan(1_500);
  expect(stub.calls).toHaveLength(2);
});

test.each([
  ['without a reason', undefined],
  ['with a reason', new Error('the client left')],
  ['with a timeout', new DOMException('late', 'TimeoutError')],
  ['with a string', 'gone'],
])('a caller who aborts %s aborts the call and its connection', async (_, reason) => {
  const { stub, client } = await start(never);
  const caller = new AbortController();
  const failure = failureOf(client.call(READ, { signal: caller.signal }));
  await expect.poll(() => stub.calls.length).toBe(1);
  caller.abort(reason);
  expect(await failure).toMatchObject({ kind: 'aborted', status: undefined });
  await expect.poll(() => stub.sockets.size).toBe(0);
  expect(stub.calls).toHaveLength(1);
});
