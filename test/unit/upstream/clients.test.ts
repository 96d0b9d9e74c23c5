import type { ServerResponse } from 'node:http';
import { MockAgent } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { createEvents } from '../../../src/observability/events.ts';
import { Queues } from '../../../src/observability/queues.ts';
import { MultipartBody } from '../../../src/upstream/client.ts';
import type { ApiCall } from '../../../src/upstream/client.ts';
import { CircuitBreaker } from '../../../src/upstream/pipeline/circuit-breaker.ts';
import { createIssuerClient } from '../../../src/upstream/clients.ts';
import type { UpstreamClientOptions } from '../../../src/upstream/clients.ts';
import { UpstreamError } from '../../../src/upstream/failure/upstream-error.ts';
import { SERVICE_RETRIES } from '../../../src/upstream/pipeline/retry.ts';
import { ServiceClock } from '../../../src/upstream/pipeline/service-clock.ts';
import { sendJson, startHttpStub } from '../../support/http-stub.ts';
import type { StubHandler } from '../../support/http-stub.ts';
import { NO_PROXY } from '../../../src/upstream/proxy-for.ts';

const READ: ApiCall<unknown> = {
  operation: 'getDossier',
  method: 'GET',
  effect: 'read',
  path: '/dossiers/1',
  expect: [200],
  decode: (body) => body,
};
const CREATE: ApiCall<unknown> = {
  ...READ,
  operation: 'createDossier',
  method: 'POST',
  effect: 'write',
  path: '/dossiers',
  body: { a: 1 },
};

function issuerAt(origin: string, options: Partial<UpstreamClientOptions> = {}) {
  const issuer = createIssuerClient({
    baseUrl: new URL(`${origin}/api/v1/sign`),
    apiKey: 'the-key',
    storageHosts: [],
    timeoutMs: 5_000,
    connections: 5,
    proxyFor: NO_PROXY,
    rateLimit: { calls: 100_000, windowMs: 5_000 },
    operationTimeoutMs: 90_000,
    breaker: new CircuitBreaker({ origin: 'service', failures: 1_000, openMs: 1, events: createEvents() }),
    events: createEvents(),
    queues: new Queues(),
    ...options,
  });
  onTestFinished(() => issuer.shared.close());
  return issuer;
}

const clientAt = (origin: string, options: Partial<UpstreamClientOptions> = {}) =>
  issuerAt(origin, options).shared;

async function start(handler: StubHandler, options: Partial<UpstreamClientOptions> = {}) {
  const stub = await startHttpStub(handler);
  return { stub, client: clientAt(stub.origin, options) };
}

/** The failure of a call. Anything but an `UpstreamError` fails the test. */
async function failureOf(call: Promise<unknown>): Promise<UpstreamError> {
  const failure: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(UpstreamError);
  return failure as UpstreamError; // guaranteed by the line above
}

const never: StubHandler = () => {};
const ok: StubHandler = (_, res) => sendJson(res, 200, { fine: true });

test('a call is sent below the base path with the key, the query and a JSON body', async () => {
  const { stub, client } = await start(ok);
  const query = { limit: 25, continuationToken: '[{"token":"+RID:~a#b"}]', absent: undefined };
  expect(await client.call({ ...READ, query })).toEqual({ fine: true });
  await client.call(CREATE);
  await client.call({ ...CREATE, method: 'PUT', body: 'READY' });
  const [read, create, put] = stub.calls;
  expect(read).toMatchObject({
    method: 'GET',
    headers: {
      'ocp-apim-subscription-key': 'the-key',
      accept: 'application/json, application/problem+json',
    },
  });
  expect(read?.headers['content-type']).toBeUndefined();
  const url = new URL(read?.path ?? '', stub.origin);
  expect(url.pathname).toBe('/api/v1/sign/dossiers/1');
  expect([...url.searchParams]).toEqual([
    ['limit', '25'],
    ['continuationToken', '[{"token":"+RID:~a#b"}]'],
  ]);
  expect(create).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
  expect(create?.body.toString()).toBe('{"a":1}');
  expect(put?.body.toString()).toBe('"READY"');
});

test('trailing slashes of the base URL do not change the paths', async () => {
  const stub = await startHttpStub(ok);
  await clientAt(stub.origin, { baseUrl: new URL(`${stub.origin}/api/v1/sign/`) }).call(READ);
  await clientAt(stub.origin, { baseUrl: new URL(`${stub.origin}/api/v1/sign//`) }).call(READ);
  await clientAt(stub.origin, { baseUrl: new URL(stub.origin) }).call(READ);
  expect(stub.calls.map(({ path }) => path)).toEqual([
    '/api/v1/sign/dossiers/1',
    '/api/v1/sign/dossiers/1',
    '/dossiers/1',
  ]);
});

test('connections are reused, also after failures', async () => {
  const { stub, client } = await start((_, res, __, nth) =>
    nth % 2 === 0 ? sendJson(res, 404, { detail: 'no' }) : sendJson(res, 200, {}),
  );
  for (let nth = 1; nth <= 6; nth += 1) await client.call(READ).catch(() => {});
  expect(stub.calls).toHaveLength(6);
  // The pool may open a second connection while the first still completes a response.
  expect(stub.connections()).toBeLessThanOrEqual(2);
});

test('connections never exceed the configured number', async () => {
  const held: ServerResponse[] = [];
  const { stub, client } = await start((_, res) => void held.push(res), { connections: 2 });
  const calls = Array.from({ length: 6 }, () => client.call(READ));
  for (let answered = 0; answered < 6; answered += 1) {
    await expect.poll(() => held.length).toBeGreaterThan(0);
    sendJson(held.shift() as ServerResponse, 200, {}); // the line above waited for it
  }
  await Promise.all(calls);
  expect(stub.connections()).toBe(2);
});

test('a redirect is a contract failure and the key does not follow it', async () => {
  const elsewhere = await startHttpStub(ok);
  const { client } = await start(
    (_, res) => void res.writeHead(307, { location: `${elsewhere.origin}/x` }).end(),
  );
  expect(await failureOf(client.call(READ))).toMatchObject({ kind: 'contract', status: 307 });
  expect(elsewhere.calls).toEqual([]);
});

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

test('an aborted caller makes no call', async () => {
  const { stub, client } = await start(ok);
  const signal = AbortSignal.abort(new Error('gone'));
  expect(await failureOf(client.call(READ, { signal }))).toMatchObject({ kind: 'aborted' });
  expect(stub.calls).toEqual([]);
});

test('an abort during the pause before a retry ends the call', async () => {
  const { stub, client } = await start((_, res) => sendJson(res, 429, {}, { 'retry-after': '3' }));
  const caller = new AbortController();
  const failure = failureOf(client.call(READ, { signal: caller.signal }));
  await expect.poll(() => stub.calls.length).toBe(1);
  caller.abort();
  expect(await failure).toMatchObject({ kind: 'aborted' });
  expect(stub.calls).toHaveLength(1);
});

test.each(['x-rate-limit-retry-after', 'retry-after'])(
  'a 429 is retried after the seconds of %s, also a POST',
  async (name) => {
    const { stub, client } = await start((call, res, req, nth) =>
      nth === 1 ? sendJson(res, 429, { detail: 'slow' }, { [name]: '1' }) : ok(call, res, req, nth),
    );
    const startedAt = performance.now();
    expect(await client.call(CREATE)).toEqual({ fine: true });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
    expect(stub.calls).toHaveLength(2);
  },
);

test('a 429 whose wait exceeds the deadline fails at once with the seconds', async () => {
  const { stub, client } = await start((_, res) =>
    sendJson(res, 429, { statusCode: 429, message: 'slow' }, { 'x-rate-limit-retry-after': '60' }),
  );
  const startedAt = performance.now();
  expect(await failureOf(client.call(READ))).toMatchObject({ kind: 'rate-limited', retryAfterSeconds: 60 });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(stub.calls).toHaveLength(1);
});

test('the header of the service precedes the standard one, unless it is not a number', async () => {
  const { stub, client } = await start((_, res, __, nth) =>
    sendJson(
      res,
      429,
      {},
      { 'x-rate-limit-retry-after': nth === 1 ? '61' : 'soon', 'retry-after': nth < 3 ? '62' : 'never' },
    ),
  );
  expect(await failureOf(client.call(READ))).toMatchObject({ retryAfterSeconds: 61 });
  // Another call, without a Retry-After.
  expect(await failureOf(clientAt(stub.origin).call(READ))).toMatchObject({ retryAfterSeconds: 62 });
});

const AN_HOUR_FROM_NOW = new Date(Date.now() + 3_600_000).toUTCString();

test.each([
  ['9999999', 86_400],
  ['9'.repeat(30), 86_400],
  [AN_HOUR_FROM_NOW, 3_600],
])('a 429 that asks for a wait of %s is not retried', async (value, seconds) => {
  for (const name of ['x-rate-limit-retry-after', 'retry-after']) {
    const { stub, client } = await start((_, res) => sendJson(res, 429, {}, { [name]: value }));
    const { kind, retryAfterSeconds = 0 } = await failureOf(client.call(READ));
    expect(kind).toBe('rate-limited');
    expect(retryAfterSeconds).toBeLessThanOrEqual(seconds);
    expect(retryAfterSeconds).toBeGreaterThan(seconds - 600);
    expect(stub.calls).toHaveLength(1);
  }
});

test('the longest wait of several Retry-After headers counts', async () => {
  const { client } = await start((_, res) => {
    res.setHeader('retry-after', ['61', '120']);
    sendJson(res, 429, {});
  });
  expect(await failureOf(client.call(READ))).toMatchObject({ retryAfterSeconds: 120 });
});

const NO_WAIT = ['0', '-1', '0.0', '', 'soon', 'Sun, 06 Nov 1994 08:49:37 GMT'];

test.each([
  ['within the limit of the key', 150],
  ['without a limit', 100_000],
])('a 429 without a wait is retried by the policy, %s', async (_, calls) => {
  const rateLimit = { calls, windowMs: 5_000 };
  const cases = ['x-rate-limit-retry-after', 'retry-after'].flatMap((name) =>
    NO_WAIT.map(async (value) => {
      const { stub, client } = await start((_call, res) => sendJson(res, 429, {}, { [name]: value }), {
        rateLimit,
        timeoutMs: 60_000,
      });
      for (const call of [READ, CREATE]) {
        const { kind, retryAfterSeconds } = await failureOf(client.call(call));
        expect({ kind, retryAfterSeconds }).toEqual({ kind: 'rate-limited', retryAfterSeconds: undefined });
      }
      return stub.calls.length;
    }),
  );
  const counts = await Promise.all(cases);
  expect(counts).toEqual(counts.map(() => 2 * SERVICE_RETRIES.attempts));
});

async function* streamOf(...chunks: readonly (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk;
    yield Buffer.from(chunk);
  }
}

test('a streamed body is sent once, even when the service asks for a retry', async () => {
  const { stub, client } = await start((_, res) => sendJson(res, 429, {}, { 'retry-after': '0' }));
  const body = new MultipartBody('multipart/form-data; boundary=b', streamOf('one ', 'two'));
  expect(await failureOf(client.call({ ...CREATE, effect: 'stream', body }))).toMatchObject({
    kind: 'rate-limited',
  });
  expect(stub.calls).toHaveLength(1);
  expect(stub.calls[0]?.headers['content-type']).toBe('multipart/form-data; boundary=b');
  expect(stub.calls[0]?.body.toString()).toBe('one two');
});

test('a failing streamed body fails the call with its error as the cause', async () => {
  const { stub, client } = await start(ok);
  const reason = new Error('the file was cut off');
  const body = new MultipartBody('text/plain', streamOf('one ', reason));
  expect(await failureOf(client.call({ ...CREATE, effect: 'stream', body }))).toMatchObject({
    cause: reason,
  });
  expect(stub.calls).toEqual([]);
  await expect.poll(() => stub.sockets.size).toBe(0);
});

test.each([
  ['rate-budget', READ],
  [
    'upload-bulkhead',
    { ...CREATE, effect: 'stream', body: new MultipartBody('text/plain', streamOf('file')) },
  ],
] as const)('how long calls wait is reported as the age of the queue %s', async (queue, call) => {
  const queues = new Queues();
  const { client } = await start(never, { connections: 1, queues });
  const caller = new AbortController();
  const ended = [call, call].map((each) => failureOf(client.call(each, { signal: caller.signal })));
  await expect.poll(() => queues.oldestDueMs(queue)).toBeGreaterThan(20);
  caller.abort();
  await Promise.all(ended);
  expect(await queues.oldestDueMs(queue)).toBe(0);
});

test('close frees the connections', async () => {
  const { stub, client } = await start(ok);
  await client.call(READ);
  expect(stub.sockets.size).toBe(1);
  await client.close();
  await expect.poll(() => stub.sockets.size).toBe(0);
});

test.each([
  [200, true],
  [404, true],
  [502, false], // the clock of a proxy
])('the Date of an answer with status %i sets the clock of the service: %s', async (status, isLearnt) => {
  const clock = new ServiceClock();
  const { client } = await start(
    (_, res) => {
      res.setHeader('date', 'Tue, 01 Jan 2030 00:00:00 GMT');
      sendJson(res, status, { detail: 'whatever' });
    },
    { clock },
  );
  await client.call({ ...READ, method: 'POST' }).catch(() => undefined);
  const { earliest } = clock.now();
  const serviceMs = Date.parse('2030-01-01T00:00:00Z');
  expect(Math.abs(earliest - (isLearnt ? serviceMs : Date.now()))).toBeLessThan(60_000);
});

test('a bare call is not coalesced, and a bare write ends the coalescing of earlier reads', async () => {
  const arrived: ServerResponse[] = [];
  const stub = await startHttpStub((_, res) => void arrived.push(res));
  const { shared, bare } = issuerAt(stub.origin);
  const read = { ...READ, mayCoalesce: true };
  const calls = [shared.call(read, { caller: 'a' }), shared.call(read, { caller: 'a' })];
  calls.push(bare.call(read, { caller: 'a' }), bare.call(CREATE, { caller: 'a' }));
  await expect.poll(() => stub.calls.length).toBe(3);
  for (const res of arrived)
    sendJson(res, stub.calls[arrived.indexOf(res)]?.method === 'POST' ? 201 : 200, {});
  await Promise.allSettled(calls);
  expect(stub.calls.map(({ method }) => method).toSorted()).toEqual(['GET', 'GET', 'POST']);
});

test('neither the circuit breaker nor the rate limiter learns from bare calls', async () => {
  let status = 503;
  const stub = await startHttpStub((_, res) => {
    res.setHeader('x-rate-limit-remaining', '0');
    sendJson(res, status, {});
  });
  const breaker = new CircuitBreaker({
    origin: 'service',
    failures: 1,
    openMs: 60_000,
    events: createEvents(),
  });
  const { shared, bare } = issuerAt(stub.origin, { breaker, rateLimit: { calls: 50, windowMs: 60_000 } });
  await failureOf(bare.call(CREATE));
  status = 429;
  await failureOf(bare.call(CREATE));
  status = 200;
  expect(await shared.call(READ)).toEqual({});
});
