import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { createEvents } from '../../../src/observability/events.ts';
import { Queues } from '../../../src/observability/queues.ts';
import { MultipartBody } from '../../../src/upstream/call.ts';
import { CircuitBreaker } from '../../../src/upstream/pipeline/circuit-breaker.ts';
import { ServiceClock } from '../../../src/upstream/pipeline/service-clock.ts';
import { sendJson, startHttpStub } from '../../support/http-stub.ts';
import { READ, CREATE, issuerAt, clientAt, start, failureOf, never, ok } from './support-clients.ts';

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
