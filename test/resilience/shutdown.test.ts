import { once } from 'node:events';
import { connect } from 'node:net';
import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { draftOf, uploadsBody } from '../support/draft.ts';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import { pdfBytes, PoliteClient, requestHead } from '../support/multipart.ts';
import { makePdf } from '../support/pdf.ts';
import { openSocket } from '../support/raw-http.ts';
import { startGateway } from '../support/start-gateway.ts';

const DOSSIER = '{ dossier(id: "1") { id } }';
const post = (url: string, query: string): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });

/** A gateway whose service answers when the test resolves a promise. */
async function startHeld(stopTimes: { delayMs?: number; graceMs?: number } = {}) {
  const arrived = Promise.withResolvers<void>();
  const held: ServerResponse[] = [];
  const stub = await startHttpStub((_, res) => {
    held.push(res);
    arrived.resolve();
  });
  const gateway = await startGateway({ apiUrl: new URL(stub.origin), upstreamTimeoutMs: 60_000, stopTimes });
  return {
    ...gateway,
    stub,
    arrived: arrived.promise,
    release: () => held.forEach((res) => sendJson(res, 404, { detail: 'not here' })),
  };
}

test('close waits for the response of a request in flight, and not for its client to disconnect', async () => {
  const { url, close, arrived, release } = await startHeld();
  // Node's fetch keeps its connection open.
  const running = post(url, DOSSIER);
  await arrived;
  const closed = close();
  release();
  const answer = await running;
  expect(answer.headers.get('connection')).toBe('close');
  expect(await answer.json()).toEqual({ data: { dossier: null } });
  const answered = performance.now();
  await closed;
  // Node would wait 5 s for another request.
  expect(performance.now() - answered).toBeLessThan(2_000);
});

test('a request on an open connection gets 503 and Connection: close while the gateway drains', async () => {
  const { url, close, arrived, release } = await startHeld();
  const kept = await openSocket(url);
  const body = JSON.stringify({ query: DOSSIER });
  // The request has started, so its connection is not idle and is not closed at once.
  kept.socket.write('POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n');
  const running = post(url, DOSSIER);
  await arrived;
  const closed = close();
  kept.socket.write(`content-length: ${body.length}\r\n\r\n${body}`);
  await kept.closed();
  const [head = '', text = ''] = kept.received().split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 503 /);
  expect(head).toMatch(/^retry-after: 1$/im);
  expect(head).toMatch(/^connection: close$/im);
  expect(text).toContain('"code":"SHUTTING_DOWN"');
  release();
  expect((await running).status).toBe(200);
  await closed;
});

test('probes on an open connection while the gateway drains: alive, not ready', async () => {
  const { url, close, arrived, release } = await startHeld();
  const [health, ready] = [await openSocket(url), await openSocket(url)];
  health.socket.write('GET /health HTTP/1.1\r\n');
  ready.socket.write('GET /ready HTTP/1.1\r\n');
  const running = post(url, DOSSIER);
  await arrived;
  const closed = close();
  for (const { socket } of [health, ready]) socket.write('host: localhost\r\n\r\n');
  await Promise.all([health.closed(), ready.closed()]);
  expect(health.received()).toMatch(/^HTTP\/1\.1 200 .*\{"status":"ok"\}$/s);
  expect(ready.received()).toMatch(/^HTTP\/1\.1 503 .*\{"status":"stopping"\}$/s);
  release();
  await running;
  await closed;
});

test('with a shutdown delay the gateway reports that it is not ready and accepts requests until the delay ends', async () => {
  const { url, close, sandbox } = await startGateway({ stopTimes: { delayMs: 3_000 } });
  expect((await fetch(new URL('/ready', url))).status).toBe(200);
  const closed = close();
  const [ready, answer] = await Promise.all([fetch(new URL('/ready', url)), post(url, DOSSIER)]);
  expect({ status: ready.status, body: await ready.text() }).toEqual({
    status: 503,
    body: '{"status":"stopping"}',
  });
  expect(await answer.json()).toEqual({ data: { dossier: null } });
  expect(answer.headers.get('connection')).toBe('close');
  expect(sandbox.journal.entries()).toHaveLength(1);
  await closed;
  await expect(post(url, DOSSIER)).rejects.toThrow();
});

test('a request that exceeds the shutdown deadline is aborted with its upstream call, and still answered', async () => {
  const { url, close, arrived, stub } = await startHeld({ graceMs: 200 });
  const running = post(url, DOSSIER);
  await arrived;
  const closed = close();
  const answer = await running;
  expect(answer.headers.get('connection')).toBe('close');
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_TIMEOUT' } }] });
  await closed;
  await expect.poll(() => stub.sockets.size).toBe(0);
});

test('a wait that shutdown interrupts is answered with the current state', async () => {
  const frozenAt = new Date('2026-03-05T09:14:07.412Z');
  const { url, close, run, sandbox } = await startGateway({ stopTimes: { graceMs: 1_000 } }, { frozenAt });
  const targets = await draftOf({ run });
  using client = new PoliteClient(Number(new URL(url).port));
  const stored = client.post(uploadsBody(targets, { a: await makePdf() }));
  await expect.poll(() => calls(sandbox, 'putBlob')).toBe(1);
  const closed = close();
  expect(await stored).toMatchObject({
    status: 200,
    body: {
      data: { a: { __typename: 'UploadDocumentPayload', document: { status: 'WAIT_FOR_UPLOAD' } } },
    },
  });
  await closed;
});

test('an upload in flight at shutdown is completed', async () => {
  const { url, close, run, sandbox } = await startGateway();
  const targets = await draftOf({ run });
  using client = new PoliteClient(Number(new URL(url).port));
  const body = uploadsBody(targets, { a: await makePdf() });
  await client.write(Buffer.from(requestHead('multipart/form-data', body.length)));
  await client.write(body.subarray(0, body.length - 200));
  await expect.poll(() => calls(sandbox, 'getDocumentUploadUrl')).toBe(1);
  const closed = close();
  await client.write(body.subarray(body.length - 200));
  expect(await client.answer()).toMatchObject({
    status: 200,
    body: { data: { a: { __typename: 'UploadDocumentPayload', document: { status: 'READY' } } } },
  });
  await closed;
});

test('an upload whose client stopped sending is aborted before the shutdown deadline, and nothing is stored', async () => {
  const { url, close, run, sandbox } = await startGateway({
    stopTimes: { graceMs: 200 },
    uploadStallMs: 60_000,
  });
  const targets = await draftOf({ run });
  using client = new PoliteClient(Number(new URL(url).port));
  const body = uploadsBody(targets, { a: pdfBytes(100_000) });
  await client.write(Buffer.from(requestHead('multipart/form-data', body.length)));
  await client.write(body.subarray(0, 50_000));
  await expect.poll(() => calls(sandbox, 'getDocumentUploadUrl')).toBe(1);
  const closed = close();
  expect(await client.answer()).toMatchObject({ body: { data: { a: { code: 'UPLOAD_INTERRUPTED' } } } });
  await closed;
  expect(calls(sandbox, 'putBlob')).toBe(0);
});

test('connections of clients that never finish their request or never read are closed', async () => {
  const { url, close } = await startGateway({ stopTimes: { graceMs: 100 } });
  const half = await openSocket(url);
  half.socket.write(
    'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{',
  );
  const deaf = connect(Number(new URL(url).port), '127.0.0.1').pause();
  onTestFinished(() => void deaf.destroy());
  await once(deaf, 'connect');
  // GraphiQL's page is more than a socket holds.
  deaf.write('GET /graphql HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\n\r\n');
  await once(deaf, 'readable');
  await close();
  await half.closed();
});

test('close may be called several times', async () => {
  const { close } = await startGateway();
  expect(close()).toBe(close());
  await close();
});

function calls(sandbox: Awaited<ReturnType<typeof startGateway>>['sandbox'], operation: string): number {
  return sandbox.journal.entries().filter(({ operationId }) => operationId === operation).length;
}
