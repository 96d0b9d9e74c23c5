import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { UploadsPluginOptions } from '../../../../src/graphql/parsing/use-uploads.ts';
import { startBlobStub } from '../../../support/blob-stub.ts';
import { BOUNDARY, multipartBody, pdfBytes, PoliteClient, uploadBody } from '../../../support/multipart.ts';
import { startUploadGateway } from '../../../support/upload-gateway.ts';

const MIB = 1024 * 1024;
const UPLOAD = 'mutation($f: Upload!) { upload(file: $f) { sizeBytes sha256 filename } }';
const FIELDS = [
  ['operations', JSON.stringify({ query: UPLOAD, variables: { f: null } })],
  ['map', '{"0":["variables.f"]}'],
] as const;

const warned = vi.fn();
beforeAll(() => void process.on('warning', warned));
// Node reports too many listeners on one request here.
afterAll(() => {
  process.off('warning', warned);
  expect(warned).not.toHaveBeenCalled();
});

async function start({
  maxBytes = 100 * MIB,
  ...uploads
}: Partial<UploadsPluginOptions> & { maxBytes?: number } = {}) {
  const storage = await startBlobStub();
  const gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
    maxBytes,
    uploads: { maxFileBytes: maxBytes, ...uploads },
  });
  const client = new PoliteClient(gateway.port);
  return {
    storage,
    gateway,
    client,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await gateway[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
    },
  };
}

const stored = (content: Buffer, filename = '0.pdf') => ({
  sizeBytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
  filename,
});

const headWith = (...lines: readonly string[]): Buffer =>
  Buffer.from(
    [
      'POST /graphql HTTP/1.1',
      'Host: localhost',
      `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
      ...lines,
      '\r\n',
    ].join('\r\n'),
  );

test.each([1, 7, 61, 65_536])('reads a chunked body in chunks of %i bytes', async (size) => {
  await using t = await start();
  // The file contains the start of the boundary repeatedly.
  const content = Buffer.concat([pdfBytes(900), Buffer.from(`\r\n--${BOUNDARY.slice(0, -1)}`.repeat(50))]);
  const body = multipartBody(FIELDS, [{ name: '0', content }]);
  const chunks = [];
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.subarray(at, at + size);
    chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  await t.client.write(headWith('Transfer-Encoding: chunked'));
  await t.client.write(Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]));
  expect((await t.client.answer()).body).toEqual({ data: { upload: stored(content) } });
});

test('reads a body that arrives one byte per packet', async () => {
  await using t = await start();
  t.client.socket.setNoDelay(true);
  const content = pdfBytes(200);
  const body = multipartBody(FIELDS, [{ name: '0', content }]);
  await t.client.write(headWith(`Content-Length: ${body.length}`));
  for (const byte of body) {
    await t.client.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  expect((await t.client.answer()).body).toEqual({ data: { upload: stored(content) } });
});

test('answers Expect: 100-continue', async () => {
  await using t = await start();
  const content = pdfBytes(5 * MIB);
  const body = multipartBody(FIELDS, [{ name: '0', content }]);
  await t.client.write(headWith(`Content-Length: ${body.length}`, 'Expect: 100-continue'));
  expect(await t.client.interim()).toContain('100 Continue');
  await t.client.write(body);
  expect((await t.client.answer()).body).toEqual({ data: { upload: stored(content) } });
});

test('serves a pipelined request after a refused one', async () => {
  await using t = await start();
  const content = pdfBytes(6 * MIB);
  const bad = multipartBody(FIELDS, [{ name: '0', content: Buffer.alloc(9 * MIB, 'GIF89a') }]);
  const good = multipartBody(FIELDS, [{ name: '0', content }]);
  await t.client.begin(bad, bad.length);
  await t.client.begin(good, good.length);
  expect((await t.client.answer()).body).toMatchObject({ errors: [{ extensions: { kind: 'not-a-pdf' } }] });
  expect((await t.client.answer()).body).toEqual({ data: { upload: stored(content) } });
});

test('accepts the maximum of small files, in reverse order, in one packet', async () => {
  await using t = await start();
  const names = [...'abcdefghij'];
  const files = Object.fromEntries(names.toReversed().map((name) => [name, pdfBytes(500)]));
  const query = `mutation(${names.map((name) => `$${name}: Upload!`).join()}) {
    ${names.map((name) => `${name}: upload(file: $${name}) { sizeBytes sha256 filename }`).join('\n')} }`;
  expect((await t.client.post(uploadBody(query, files))).body).toEqual({
    data: Object.fromEntries(
      Object.entries(files).map(([name, file]) => [name, stored(file, `${name}.pdf`)]),
    ),
  });
});

test.each([
  ['fills one block while it sends another', 0, 2],
  ['waits for its only block while the pool has no other', 3, 1],
])('%s, and reads no more while the storage is slow', async (_, blocksInUse, blocks) => {
  const slow = Promise.withResolvers<void>();
  await using storage = await startBlobStub((_call, req, res, nth) => {
    if (nth > 1) return false;
    req.resume();
    void slow.promise.then(() => res.writeHead(201).end());
    return true;
  });
  await using gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
  });
  for (let taken = 0; taken < blocksInUse; taken += 1) await gateway.pool.acquire();
  let received = (): number => 0;
  gateway.server.once('connection', (socket) => (received = () => socket.bytesRead));
  using client = new PoliteClient(gateway.port);
  const content = pdfBytes(50 * MIB);
  const body = multipartBody(FIELDS, [{ name: '0', content }]);
  const writing = client.begin(body, body.length);
  await expect.poll(() => storage.calls.length).toBe(1);
  let before = 0;
  // Nothing has arrived in two consecutive checks.
  await expect.poll(() => before === (before = received()), { interval: 100 }).toBe(true);
  expect(received()).toBeGreaterThan(blocks * 4 * MIB);
  expect(received()).toBeLessThan(blocks * 4 * MIB + MIB);
  slow.resolve();
  await writing;
  expect((await client.answer()).body).toEqual({ data: { upload: stored(content) } });
});

test('leaves no listener on a reused connection', async () => {
  await using t = await start();
  let listeners = (): number => Number.NaN;
  t.gateway.server.once('connection', (socket) => {
    listeners = () => socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0);
  });
  const send = async (): Promise<void> => {
    await t.client.post(multipartBody(FIELDS, [{ name: '0', content: pdfBytes(70_000) }]));
    await t.client.post(multipartBody(FIELDS, [{ name: '0', content: Buffer.alloc(70_000, 'GIF89a') }]));
    await t.client.post(multipartBody(FIELDS, []));
  };
  await send();
  const before = listeners();
  expect(before).toBeGreaterThan(0);
  for (let round = 0; round < 12; round += 1) await send();
  expect(listeners()).toBe(before);
});

describe('in a single packet', () => {
  test('refuses a file over the limit', async () => {
    await using t = await start({ maxBytes: 100 });
    const { status, body } = await t.client.post(
      multipartBody(FIELDS, [{ name: '0', content: pdfBytes(1000) }]),
    );
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { errors: [{ extensions: { kind: 'too-large' } }] },
    });
  });

  test.each([
    ['malformed headers', `--${BOUNDARY}\r\nContent-Disposition\r\n\r\nx\r\n--${BOUNDARY}--\r\n`],
    ['no end', ''],
  ])('refuses a file before a part with %s', async (_, rest) => {
    await using t = await start();
    const whole = multipartBody(FIELDS, [{ name: '0', content: pdfBytes(1000) }]);
    const end = Buffer.byteLength(`--${BOUNDARY}--\r\n`);
    const { status, body } = await t.client.post(
      Buffer.concat([whole.subarray(0, whole.length - end), Buffer.from(rest)]),
    );
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { errors: [{ extensions: { kind: 'truncated' } }] },
    });
    expect(t.storage.calls).toEqual([]);
  });
});

describe('accepts a file', () => {
  test.each([
    ['with a path', 'filename="C:\\Documenti\\atto.pdf"', 'atto.pdf'],
    ['in UTF-8', 'filename="però “così”.pdf"', 'però “così”.pdf'],
    ['with escaped quotes', 'filename="un \\"atto\\".pdf"', 'un "atto".pdf'],
    ['as browsers escape quotes', 'filename="un %22atto%22.pdf"', 'un %22atto%22.pdf'],
    ['with an extended name', 'filename="x.pdf"; filename*=UTF-8\'\'per%C3%B2.pdf', 'però.pdf'],
    ['that leads out of its folder', 'filename="../../etc/passwd"', 'passwd'],
    ['of a thousand letters', `filename="${'x'.repeat(1000)}.pdf"`, `${'x'.repeat(1000)}.pdf`],
    ['with a semicolon and the boundary', `filename="a;--${BOUNDARY}.pdf"`, `a;--${BOUNDARY}.pdf`],
  ])('whose name is %s', async (_, attribute, filename) => {
    await using t = await start();
    const content = pdfBytes(1000);
    const body = multipartBody(FIELDS, [{ name: '0', content, filename: 'NAME' }]);
    const renamed = Buffer.from(
      body.toString('latin1').replace('filename="NAME"', Buffer.from(attribute).toString('latin1')),
      'latin1',
    );
    expect((await t.client.post(renamed)).body).toEqual({ data: { upload: stored(content, filename) } });
  });

  test('without a filename, if its type is not text', async () => {
    await using t = await start();
    const content = pdfBytes(1000);
    const body = multipartBody(FIELDS, [{ name: '0', content }]).toString('latin1');
    const bare = body
      .replace('; filename="0.pdf"', '')
      .replace('application/pdf', 'application/octet-stream');
    const { data } = (await t.client.post(Buffer.from(bare, 'latin1'))).body;
    expect(data['upload']).toMatchObject({ sizeBytes: 1000 });
  });
});

test('says that a file needs a filename when a form sends text instead', async () => {
  await using t = await start();
  const { body } = await t.client.post(multipartBody([...FIELDS, ['0', 'text']], []));
  expect(body.errors).toMatchObject([{ message: expect.stringContaining('has a filename') }]);
});
