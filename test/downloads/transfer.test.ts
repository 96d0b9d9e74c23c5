import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import {
  CHUNK,
  DOCUMENT,
  PATH,
  REQUEST,
  startSigned,
  startWithStorage,
  sendBytes,
} from '../support/downloads.ts';
import { openSocket } from '../support/raw-http.ts';

const MIB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of array buffers in this process, which has the client, the gateway and the storage. */
function bytesInUse(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

test('a file of 100 MiB is streamed, not buffered', async () => {
  const { file } = await startWithStorage((_, res) => void sendBytes(res, 100 * MIB));
  const response = await fetch(file);
  const before = bytesInUse();
  let bytes = 0;
  let most = 0;
  for await (const chunk of response.body ?? []) {
    const tens = Math.floor(bytes / (10 * MIB));
    bytes += chunk.length;
    if (Math.floor(bytes / (10 * MIB)) > tens) most = Math.max(most, bytesInUse() - before);
  }
  expect(bytes).toBe(100 * MIB);
  expect(most).toBeLessThan(32 * MIB);
});

test('a client that does not read pauses the storage', async () => {
  let sent = (): number => 0;
  const world = await startWithStorage((_, res) => void (sent = sendBytes(res, 100 * MIB)));
  const { socket } = await openSocket(world.file);
  socket.pause();
  socket.write(`GET ${PATH} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  await expect.poll(() => sent() > 0).toBe(true);
  // Until all buffers of sockets and streams are full.
  let last = -1;
  const isStill = (): boolean => last === (last = sent());
  await expect.poll(isStill, { interval: 500 }).toBe(true);
  expect(sent()).toBeLessThan(40 * MIB);
  socket.destroy();
  await world.closed;
});

test('a client that disconnects ends the transfer from the storage', async () => {
  const world = await startWithStorage((_, res) => {
    res.writeHead(200, { 'content-length': 100 * MIB });
    res.write(CHUNK);
  });
  const client = new AbortController();
  const response = await fetch(world.file, { signal: client.signal });
  await response.body?.getReader().read();
  client.abort();
  await world.closed;
});

test('a client that disconnects before the storage answers aborts the call', async () => {
  const arrived = Promise.withResolvers<void>();
  const world = await startWithStorage(() => arrived.resolve());
  const client = new AbortController();
  const running = fetch(world.file, { signal: client.signal });
  await arrived.promise;
  client.abort();
  await expect(running).rejects.toThrow();
  await world.closed;
});

test('a file that ends early is not completed', async () => {
  const world = await startWithStorage((_, res) => {
    res.writeHead(200, { 'content-length': 2 * CHUNK.length });
    res.write(CHUNK, () => res.destroy());
  });
  const response = await fetch(world.file);
  expect(response.status).toBe(200);
  await expect(response.arrayBuffer()).rejects.toThrow();
  expect(world.logs.lines()).toContainEqual(
    expect.objectContaining({ msg: 'a document was not sent whole' }),
  );
});

test('a storage that stalls is aborted', async () => {
  const world = await startWithStorage(
    (_, res) => {
      res.writeHead(200, { 'content-length': 2 * CHUNK.length });
      res.write(CHUNK);
    },
    { downloadStallMs: 300 },
  );
  const response = await fetch(world.file);
  await expect(response.arrayBuffer()).rejects.toThrow();
  await world.closed;
});

test('a client that stalls is disconnected', async () => {
  const world = await startWithStorage((_, res) => void sendBytes(res, 100 * MIB), { downloadStallMs: 500 });
  const { socket } = await openSocket(world.file);
  socket.pause();
  socket.write(`GET ${PATH} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  await world.closed;
});

test('a gateway that shuts down completes running downloads', async () => {
  const rest = Promise.withResolvers<void>();
  const world = await startWithStorage(async (_, res) => {
    res.writeHead(200, { 'content-length': 2 * CHUNK.length });
    res.write(CHUNK);
    await rest.promise;
    res.end(CHUNK);
  });
  const response = await fetch(world.file);
  const ended = world.close();
  await expect(fetch(world.file)).rejects.toThrow();
  rest.resolve();
  expect((await response.arrayBuffer()).byteLength).toBe(2 * CHUNK.length);
  await ended;
});

test('a gateway that shuts down aborts running downloads after the grace period', async () => {
  const world = await startWithStorage(
    (_, res) => {
      res.writeHead(200, { 'content-length': 2 * CHUNK.length });
      res.write(CHUNK);
    },
    { stopTimes: { graceMs: 200 } },
  );
  const response = await fetch(world.file);
  const [body] = await Promise.allSettled([response.arrayBuffer(), world.close()]);
  expect(body.status).toBe('rejected');
  await world.closed;
});

const fails =
  (status: number, code: string, headers: Record<string, string> = {}) =>
  (_: unknown, res: ServerResponse): void =>
    void res
      .writeHead(status, { 'x-ms-error-code': code, 'content-type': 'application/xml', ...headers })
      .end(`<Error><Code>${code}</Code><Message>words of the storage</Message></Error>`);

test.each([
  ['is refused', fails(403, 'AuthenticationFailed'), 502, 'STORAGE_REFUSED'],
  ['is not public', fails(409, 'PublicAccessNotPermitted'), 502, 'STORAGE_REFUSED'],
  ['leads elsewhere', fails(302, 'x', { location: 'http://127.0.0.1:1/' }), 502, 'STORAGE_REFUSED'],
  ['leads to a missing blob', fails(404, 'BlobNotFound'), 410, 'FILE_GONE'],
  ['is throttled', fails(503, 'ServerBusy', { 'retry-after': '600' }), 503, 'STORAGE_UNAVAILABLE'],
  [
    'breaks the connection',
    (_: unknown, res: ServerResponse) => void res.destroy(),
    503,
    'STORAGE_UNAVAILABLE',
  ],
])('a link that %s', async (_, handler, status, code) => {
  const { file } = await startWithStorage(handler);
  const response = await fetch(file);
  const text = await response.text();
  expect([response.status, response.headers.get('content-type'), JSON.parse(text)]).toMatchObject([
    status,
    'application/problem+json',
    { status, code },
  ]);
  expect(text).not.toMatch(/words of the storage|sig=|127\.0\.0\.1|BlobNotFound|Authentication/);
  expect(response.headers.has('retry-after')).toBe(code === 'STORAGE_UNAVAILABLE');
  expect(response.headers.get('location')).toBeNull();
});

test.each([
  ['is the page of a proxy', '<!doctype html><title>Proxy</title>', undefined],
  ['is a page, requested in part', '<!doctype html>', 'bytes=0-3'],
  ['is empty', '', undefined],
])('an answer of the storage that %s is not sent as a document', async (_, body, range) => {
  const { file } = await startWithStorage((__, res) => void res.writeHead(200).end(body));
  const response = await fetch(file, { headers: range === undefined ? {} : { range } });
  expect([response.status, await response.json()]).toMatchObject([502, { code: 'STORAGE_REFUSED' }]);
});

test('a document whose first bytes arrive one by one is sent', async () => {
  const pdf = '%PDF-1.7 ...';
  const { file } = await startWithStorage(async (_, res) => {
    res.writeHead(200, { 'content-length': pdf.length });
    for (const byte of pdf) await new Promise((resolve) => res.write(byte, resolve));
    res.end();
  });
  const [whole, part] = [await fetch(file), await fetch(file, { headers: { range: 'bytes=0-2' } })];
  expect(await whole.text()).toBe(pdf);
  expect(await part.text()).toBe(pdf); // this storage does not support ranges
});

test.each([
  ['without a signature', (origin: string) => `${origin}/signed-documents/x`, 503, 'DOWNLOAD_UNAVAILABLE'],
  ['on another host', () => 'https://evil.example/x?sig=a', 502, 'STORAGE_REFUSED'],
  ['on the loopback interface', () => 'http://127.0.0.1:1/x?sig=a', 502, 'STORAGE_REFUSED'],
])('a URL %s is not called', async (_, link, status, code) => {
  const world = await startWithStorage((__, res) => void res.end(), { link });
  const response = await fetch(world.file);
  expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  expect(world.calls()).toBe(0);
});

test('a storage that fails before the content is called again', async () => {
  const world = await startWithStorage((_, res, nth) =>
    nth === 1
      ? fails(500, 'InternalError')(_, res)
      : void res.writeHead(200, { 'content-length': 7 }).end('%PDF-ab'),
  );
  expect(await (await fetch(world.file)).text()).toBe('%PDF-ab');
  expect(world.calls()).toBe(2);
});

test('headers of the storage do not reach the client, nor the reverse', async () => {
  const seen: (string | undefined)[] = [];
  const world = await startWithStorage((req, res) => {
    seen.push(req.headers.authorization, req.headers.cookie, req.headers['x-api-key'] as string | undefined);
    res
      .writeHead(200, {
        'content-length': 7,
        'content-type': 'text/html',
        'content-disposition': 'inline; filename="x.html"',
        'set-cookie': 'a=b',
        'x-ms-request-id': 'r',
        etag: 'not an etag',
      })
      .end('%PDF-ab');
  });
  const response = await fetch(world.file, {
    headers: { authorization: 'Bearer x', 'x-api-key': 'y', cookie: 'c=d' },
  });
  expect(await response.text()).toBe('%PDF-ab');
  expect(response.headers.get('content-type')).toBe('application/pdf');
  expect(response.headers.get('content-disposition')).toBe('inline; filename=Contratto.pdf');
  for (const name of ['set-cookie', 'x-ms-request-id', 'etag'])
    expect(response.headers.has(name)).toBe(false);
  expect(seen).toEqual([undefined, undefined, undefined]);
});

test('calls to the storage are events for metrics and logs', async () => {
  const { createEvents } = await import('../../src/observability/events.ts');
  const events = createEvents();
  const calls: unknown[] = [];
  events.on('upstreamCall', ({ operation, outcome }) => calls.push([operation, outcome]));
  const { file } = await startSigned({ events });
  await (await fetch(file)).arrayBuffer();
  await fetch(file, { method: 'HEAD' });
  expect(calls).toEqual([
    ['getSignatureRequest', 'ok'],
    ['getBlob', 'ok'],
    ['getSignatureRequest', 'ok'],
    ['getBlobProperties', 'ok'],
  ]);
  expect([REQUEST, DOCUMENT].some((id) => JSON.stringify(calls).includes(id))).toBe(false);
});
