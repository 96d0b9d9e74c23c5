import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { GatewayUnreachableError, SigilloClient } from '../../client/index.ts';
import { startHttpStub } from '../support/http-stub.ts';
import { startGateway } from '../support/start-gateway.ts';

const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const next = (status: string): string =>
  event('next', { data: { signatureRequestChanged: { id: 'x', status } } });
const failed = (code: string): string =>
  event('next', { data: null, errors: [{ message: code, extensions: { code } }] });
const COMPLETE = 'event: complete\ndata:\n\n';

interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** A gateway whose nth connection sends these texts, one by one, or refuses the subscription, and ends. */
async function startStream(connections: readonly (readonly string[] | number | Refusal)[]) {
  const { origin, calls } = await startHttpStub(async (_, res: ServerResponse, _req, nth) => {
    const texts = connections[nth - 1] ?? [];
    if (typeof texts === 'number') return void res.writeHead(texts).end('<html>');
    const isRefused = 'status' in texts;
    // The gateway answers with events, also when it refuses a client that accepts nothing else.
    res.writeHead(isRefused ? texts.status : 200, { 'content-type': 'text/event-stream' });
    if (isRefused) return void res.end(`retry: 1\n\n${texts.text}`);
    // At once, so that a failing connection does not wait for its pause.
    res.write('retry: 1\n\n');
    for (const text of texts) await new Promise((resolve) => res.write(text, resolve));
    res.end();
  });
  return { url: origin, calls };
}

async function statusesOf(watched: AsyncIterable<{ readonly status: string }>): Promise<string[]> {
  const statuses: string[] = [];
  for await (const { status } of watched) statuses.push(status);
  return statuses;
}

test('a request is watched until it is signed', async () => {
  const { url, sandbox } = await startGateway();
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const id = requests[0]?.id ?? '';
  const statuses: string[] = [];
  for await (const { status } of new SigilloClient({ url }).watch(id)) {
    statuses.push(status);
    if (status === 'WAIT_FOR_SIGNATURE') sandbox.citizen.sign(id);
  }
  expect(statuses).toEqual(['WAIT_FOR_SIGNATURE', 'SIGNED']);
});

test('a request is watched across a restart of the gateway, and no change is missed', async () => {
  const first = await startGateway();
  const { requests } = await first.sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const id = requests[0]?.id ?? '';
  const connections: string[] = [];
  const onConnection = (connection: string): void => void connections.push(connection);
  const watched = new SigilloClient({ url: first.url }).watch(id, { onConnection });
  expect((await watched.next()).value).toMatchObject({ status: 'WAIT_FOR_SIGNATURE' });
  const rest = statusesOf(watched);
  await first.close();
  first.sandbox.citizen.sign(id);
  await startGateway({
    port: Number(new URL(first.url).port),
    apiUrl: new URL(first.sandbox.url),
    storageHosts: [first.sandbox.origin],
  });
  expect((await rest).at(-1)).toBe('SIGNED');
  expect([connections[0], connections[1], connections.at(-1)]).toEqual(['open', 'lost', 'open']);
});

test('watching a request that does not exist ends with its error', async () => {
  const { url } = await startGateway();
  const watched = new SigilloClient({ url }).watch('01JMD4XYEJ4TCMM7YJ5F0JB0XX');
  await expect(watched.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('an aborted watch throws the reason, and closes its connection', async () => {
  const { url, sandbox, close } = await startGateway();
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const abort = new AbortController();
  const watched = new SigilloClient({ url }).watch(requests[0]?.id ?? '', { signal: abort.signal });
  await watched.next();
  abort.abort(new Error('enough'));
  await expect(watched.next()).rejects.toThrow('enough');
  await close();
});

test('events are read across chunks, with heartbeats and other line ends between them', async () => {
  const { url } = await startStream([
    [
      ':\n\n',
      next('READY').slice(0, 20),
      next('READY').slice(20),
      ':\r\n\r\nevent: next\r',
      '\ndata:{"data":',
      '{"signatureRequestChanged":{"status":"SIGNED"}}}\r\n',
      '\r\n',
      COMPLETE,
    ],
  ]);
  expect(await statusesOf(new SigilloClient({ url }).watch('x'))).toEqual(['READY', 'SIGNED']);
});

test('a lost connection, a proxy without a gateway and a slow reader are followed by a new connection', async () => {
  const { url, calls } = await startStream([
    [next('READY')],
    502,
    [next('READY'), failed('STREAM_TOO_SLOW'), COMPLETE],
    [next('SIGNED'), COMPLETE],
  ]);
  const statuses = await statusesOf(new SigilloClient({ url }).watch('x'));
  expect(statuses).toEqual(['READY', 'READY', 'SIGNED']);
  expect(calls).toHaveLength(4);
});

test('after a token has expired, a new connection sends the next one', async () => {
  const { url, calls } = await startStream([
    [next('READY'), failed('UNAUTHENTICATED'), COMPLETE],
    [next('SIGNED'), COMPLETE],
  ]);
  let token = 0;
  const client = new SigilloClient({ url, headers: () => ({ authorization: `Bearer ${(token += 1)}` }) });
  expect(await statusesOf(client.watch('x'))).toEqual(['READY', 'SIGNED']);
  expect(calls.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
});

test('connections without an event end the watch after as many attempts as set', async () => {
  const { url, calls } = await startStream([[], 503, []]);
  const watched = new SigilloClient({ url }).watch('x', { attempts: 3 });
  await expect(watched.next()).rejects.toThrow(GatewayUnreachableError);
  expect(calls).toHaveLength(3);
});

test('with endless attempts a watch outlasts every failure, and pauses no longer than set', async () => {
  const { url, calls } = await startStream([
    ...Array.from({ length: 20 }, () => 503),
    [next('SIGNED'), COMPLETE],
  ]);
  const started = performance.now();
  const options = { attempts: Number.POSITIVE_INFINITY, longestPauseMs: 2 };
  expect(await statusesOf(new SigilloClient({ url }).watch('x', options))).toEqual(['SIGNED']);
  expect(calls).toHaveLength(21);
  // With the longest pause by default they would take more than three minutes.
  expect(performance.now() - started).toBeLessThan(60_000);
});

test('a refused token ends the watch at once, and too many streams are followed by a new connection', async () => {
  const { url, calls } = await startStream([
    { status: 429, text: failed('TOO_MANY_STREAMS') + COMPLETE },
    { status: 401, text: failed('UNAUTHENTICATED') + COMPLETE },
  ]);
  const watched = new SigilloClient({ url }).watch('x');
  await expect(watched.next()).rejects.toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  expect(calls).toHaveLength(2);
});
