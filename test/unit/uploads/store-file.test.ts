import { afterEach, expect, test, vi } from 'vitest';
import { startBlobStub } from '../../support/blob-stub.ts';
import { pdfBytes, PoliteClient, uploadBody } from '../../support/multipart.ts';
import { startUploadGateway } from '../../support/upload-gateway.ts';

const MIB = 1024 * 1024;
const UPLOAD = 'mutation($f: Upload!) { upload(file: $f) { sizeBytes } }';

// Vitest fails the run for an unhandled rejection; this assigns it to the test.
const unhandled = vi.fn();
process.on('unhandledRejection', unhandled);
afterEach(() => expect(unhandled).not.toHaveBeenCalled());

test.each([
  ['in the middle of a block', 22 * MIB],
  ['in the first block', 1 * MIB],
  ['inside %PDF-', 300],
])('leaves nothing behind when the client goes %s', async (_, bytes) => {
  await using storage = await startBlobStub();
  await using gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
  });
  const client = new PoliteClient(gateway.port);
  await client.begin(uploadBody(UPLOAD, { f: pdfBytes(50 * MIB) }), bytes);
  await expect.poll(() => storage.count('putBlock')).toBe(Math.floor(bytes / (4 * MIB)));
  client.socket.destroy();
  await expect.poll(() => storage.sockets.size).toBe(0);
  await expect.poll(() => gateway.pool.inUse).toBe(0);
  expect(storage.count('putBlob') + storage.count('putBlockList')).toBe(0);
});

test('stops when the client disconnects during a call to the storage', async () => {
  const atWork = Promise.withResolvers<void>();
  await using storage = await startBlobStub((_call, req, res, nth) => {
    if (nth > 1) return false;
    req.resume();
    void atWork.promise.then(() => res.writeHead(201).end());
    return true;
  });
  await using gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
  });
  const client = new PoliteClient(gateway.port);
  const writing = client.begin(uploadBody(UPLOAD, { f: pdfBytes(50 * MIB) }), 50 * MIB).catch(() => {});
  await expect.poll(() => storage.calls.length).toBe(1);
  client.socket.destroy();
  await writing;
  atWork.resolve();
  await expect.poll(() => storage.sockets.size).toBe(0);
  await expect.poll(() => gateway.pool.inUse).toBe(0);
  expect(storage.count('putBlockList')).toBe(0);
});

test('frees the spilled files of a client that disconnects', async () => {
  await using storage = await startBlobStub();
  await using gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
  });
  const client = new PoliteClient(gateway.port);
  const two =
    'mutation($a: Upload!, $b: Upload!) { a: upload(file: $a) { sizeBytes } b: upload(file: $b) { sizeBytes } }';
  await client.begin(uploadBody(two, { b: pdfBytes(1 * MIB), a: pdfBytes(9 * MIB) }), 3 * MIB);
  await expect.poll(() => gateway.earlyPool.inUse).toBe(1);
  client.socket.destroy();
  await expect.poll(() => gateway.earlyPool.inUse + gateway.pool.inUse).toBe(0);
});

test('answers and reads the rest when the storage refuses a block', async () => {
  await using storage = await startBlobStub((_call, _req, res, nth) => {
    if (nth !== 3) return false;
    res.writeHead(403, { 'content-type': 'application/xml' });
    res.end(
      '<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code><Message>Signature secret</Message></Error>',
    );
    return true;
  });
  await using gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
  });
  using client = new PoliteClient(gateway.port);
  const body = uploadBody(UPLOAD, { f: pdfBytes(50 * MIB) });
  const answer = await client.post(body);
  expect(answer.body.errors).toMatchObject([
    {
      message: 'putBlock: forbidden (HTTP 403)',
      extensions: { kind: 'forbidden', detail: 'AuthenticationFailed' },
    },
  ]);
  expect(storage.count('putBlockList')).toBe(0);
  // The fourth call and all after it succeed: the same connection, and the same client, can try again.
  expect((await client.post(body)).body).toEqual({ data: { upload: { sizeBytes: 50 * MIB } } });
});

test('retries a block, and only that block, when its connection breaks', async () => {
  const content = pdfBytes(20 * MIB);
  await using storage = await startBlobStub((_call, req, _res, nth) => {
    if (nth !== 2) return false;
    req.once('data', () => req.socket.destroy());
    return true;
  });
  await using gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin], retries: { firstPauseMs: 1 } },
  });
  using client = new PoliteClient(gateway.port);
  expect((await client.post(uploadBody(UPLOAD, { f: content }))).body).toEqual({
    data: { upload: { sizeBytes: 20 * MIB } },
  });
  const blocks = storage.calls.filter(({ operation }) => operation === 'putBlock');
  const ids = blocks.map(({ url }) => url.searchParams.get('blockid'));
  expect(ids[1]).toBe(ids[2]);
  expect(new Set(ids).size).toBe(5);
  const written = new Map(blocks.map(({ url, body }) => [url.searchParams.get('blockid'), body]));
  const list = storage.calls.at(-1)?.body.toString() ?? '';
  const named = [...list.matchAll(/<Latest>(.*?)<\/Latest>/g)].map(
    ([, id]) => written.get(id ?? '') ?? Buffer.alloc(0),
  );
  expect(Buffer.concat(named).equals(content)).toBe(true);
});
