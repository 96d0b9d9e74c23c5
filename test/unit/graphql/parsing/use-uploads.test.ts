import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startBlobStub } from '../../../support/blob-stub.ts';
import { multipartBody, pdfBytes, PoliteClient, uploadBody } from '../../../support/multipart.ts';
import { startUploadGateway } from '../../../support/upload-gateway.ts';

const MIB = 1024 * 1024;
const UPLOAD = 'mutation($f: Upload!) { upload(file: $f) { sizeBytes } }';
const PING = multipartBody(
  [
    ['operations', '{"query":"{ ping }"}'],
    ['map', '{}'],
  ],
  [],
);

type Options = Partial<Parameters<typeof startUploadGateway>[0]>;

/** Sends a body, and checks that nothing was committed and that the connection still works. */
async function refused(body: Buffer, options: Options = {}, send: { type?: string } = {}) {
  await using storage = await startBlobStub();
  await using gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
    ...options,
  });
  using client = new PoliteClient(gateway.port);
  const answer = await client.post(body, send);
  expect(storage.count('putBlob') + storage.count('putBlockList')).toBe(0);
  expect(await client.post(PING)).toMatchObject({ status: 200, body: { data: { ping: 'pong' } } });
  await expect.poll(() => gateway.pool.inUse + gateway.earlyPool.inUse).toBe(0);
  const [error] = answer.body.errors;
  return { status: answer.status, message: error?.['message'], ...error?.['extensions'] };
}

test('refuses a file that is not a PDF', async () => {
  const error = await refused(uploadBody(UPLOAD, { f: Buffer.alloc(9 * MIB, 'GIF89a') }));
  expect(error).toMatchObject({ status: 200, kind: 'not-a-pdf' });
});

test('refuses a file shorter than %PDF-', async () => {
  expect(await refused(uploadBody(UPLOAD, { f: Buffer.from('%PDF') }))).toMatchObject({ kind: 'not-a-pdf' });
});

test('refuses an empty file', async () => {
  expect(await refused(uploadBody(UPLOAD, { f: Buffer.alloc(0) }))).toMatchObject({ kind: 'empty' });
});

test.each([
  ['one block', 2 * MIB, 1 * MIB],
  ['several blocks', 20 * MIB, 9 * MIB],
  ['one byte', 5 * MIB + 1, 5 * MIB],
])('refuses a file over the limit by %s and says the limit', async (_, size, maxBytes) => {
  const error = await refused(uploadBody(UPLOAD, { f: pdfBytes(size) }), {
    maxBytes,
    uploads: { maxFileBytes: maxBytes },
  });
  expect(error).toMatchObject({ kind: 'too-large', message: expect.stringContaining(String(maxBytes)) });
});

test('accepts a file of exactly the limit', async () => {
  await using storage = await startBlobStub();
  await using gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
    maxBytes: 5 * MIB,
    uploads: { maxFileBytes: 5 * MIB },
  });
  using client = new PoliteClient(gateway.port);
  const answer = await client.post(uploadBody(UPLOAD, { f: pdfBytes(5 * MIB) }));
  expect(answer.body).toEqual({ data: { upload: { sizeBytes: 5 * MIB } } });
});

test('refuses a body that ends inside the file', async () => {
  const whole = uploadBody(UPLOAD, { f: pdfBytes(6 * MIB) });
  expect(await refused(whole.subarray(0, 5 * MIB))).toMatchObject({ status: 200, kind: 'truncated' });
});

test('refuses a file that the body does not contain', async () => {
  const fields = [
    ['operations', JSON.stringify({ query: UPLOAD, variables: { f: null } })],
    ['map', '{"0":["variables.f"]}'],
  ] as const;
  expect(await refused(multipartBody(fields, []))).toMatchObject({ status: 200, kind: 'missing' });
});

test.each([1000, 6 * MIB])(
  'refuses a second file that the map does not name, with nothing stored (%i bytes)',
  async (size) => {
    const fields = [
      ['operations', JSON.stringify({ query: UPLOAD, variables: { f: null } })],
      ['map', '{"0":["variables.f"]}'],
    ] as const;
    const files = [
      { name: '0', content: pdfBytes(size) },
      { name: '1', content: pdfBytes(size) },
    ];
    expect(await refused(multipartBody(fields, files))).toMatchObject({ status: 200, kind: 'unexpected' });
  },
);

test('does not commit a file until the body continues or ends as expected', async () => {
  await using storage = await startBlobStub();
  await using gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
  });
  const fields = [
    ['operations', JSON.stringify({ query: UPLOAD, variables: { f: null } })],
    ['map', '{"0":["variables.f"]}'],
  ] as const;
  const body = multipartBody(fields, [
    { name: '0', content: pdfBytes(1 * MIB) },
    { name: '1', content: pdfBytes(1 * MIB) },
  ]);
  // Up to the boundary of the second part, without its headers.
  const end = body.indexOf('Content-Disposition: form-data; name="1"');
  using client = new PoliteClient(gateway.port);
  await client.begin(body, end);
  await expect.poll(() => gateway.pool.inUse).toBe(1);
  using other = new PoliteClient(gateway.port);
  await other.post(PING);
  expect(storage.calls).toEqual([]);
  await client.write(body.subarray(end));
  expect((await client.answer()).body.errors).toMatchObject([{ extensions: { kind: 'unexpected' } }]);
  expect(storage.calls).toEqual([]);
});

test('refuses a file that is sent twice', async () => {
  const fields = [
    ['operations', JSON.stringify({ query: UPLOAD, variables: { f: null } })],
    ['map', '{"0":["variables.f"]}'],
  ] as const;
  const file = { name: '0', content: pdfBytes(1 * MIB) };
  expect(await refused(multipartBody(fields, [file, file]))).toMatchObject({ kind: 'unexpected' });
});

test('refuses a second field that uses the same file', async () => {
  await using storage = await startBlobStub();
  await using gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
  });
  using client = new PoliteClient(gateway.port);
  const query =
    'mutation($f: Upload!) { a: upload(file: $f) { sizeBytes } b: upload(file: $f) { sizeBytes } }';
  const { body } = await client.post(uploadBody(query, { f: pdfBytes(1000) }));
  expect(body.data).toEqual({ a: { sizeBytes: 1000 }, b: null });
  expect(body.errors).toMatchObject([{ path: ['b'], extensions: { kind: 'already-read' } }]);
});

test('answers JSON that is too deep for recursion', async () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const error = await refused(
    multipartBody(
      [
        ['operations', `{"query":"{ ping }","variables":{"a":${deep}},"bad":1}`],
        ['map', '{}'],
      ],
      [],
    ),
  );
  expect(error).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
});

test('accepts the media type in any case', async () => {
  await using storage = await startBlobStub();
  await using gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
  });
  using client = new PoliteClient(gateway.port);
  const { body } = await client.post(uploadBody(UPLOAD, { f: pdfBytes(1000) }), {
    type: 'Multipart/Form-Data',
  });
  expect(body).toEqual({ data: { upload: { sizeBytes: 1000 } } });
});

test.each([
  ['a resolver that refuses', 'mutation($f: Upload!) { refuse(file: $f) { sizeBytes } }'],
  ['an invalid operation', 'mutation($f: Upload!) { nope(file: $f) }'],
])('answers %s at once, whatever is still to come, and keeps the connection', async (_, query) => {
  const error = await refused(uploadBody(query, { f: pdfBytes(50 * MIB) }));
  expect(error.status).toBe(200);
});

test('closes the connection when too much is left to read', async () => {
  await using gateway = await startUploadGateway({
    target: () => 'unused',
    storage: { allowedHosts: [] },
    uploads: { drainBytes: 8 * MIB },
  });
  using client = new PoliteClient(gateway.port);
  const body = uploadBody('mutation($f: Upload!) { refuse(file: $f) { sizeBytes } }', {
    f: pdfBytes(50 * MIB),
  });
  await expect(client.post(body)).rejects.toThrow('closed');
});

test('reads the rest from a slow client for as long as it sends', async () => {
  await using gateway = await startUploadGateway({
    target: () => 'unused',
    storage: { allowedHosts: [] },
    uploads: { drainStallMs: 200 },
  });
  using client = new PoliteClient(gateway.port);
  const refuse = 'mutation($f: Upload!) { refuse(file: $f) { sizeBytes } }';
  const body = uploadBody(refuse, { f: pdfBytes(8 * MIB) });
  await client.begin(body, 0);
  for (let part = 0; part < 8; part += 1) {
    await client.write(body.subarray((part * body.length) / 8, ((part + 1) * body.length) / 8));
    await pause(50);
  }
  expect((await client.answer()).body.errors).toMatchObject([{ message: 'refused' }]);
  expect((await client.post(PING)).status).toBe(200);
});

test('closes the connection of a client that stops sending after the response', async () => {
  await using gateway = await startUploadGateway({
    target: () => 'unused',
    storage: { allowedHosts: [] },
    uploads: { drainStallMs: 50 },
  });
  using client = new PoliteClient(gateway.port);
  const body = uploadBody('mutation($f: Upload!) { refuse(file: $f) { sizeBytes } }', {
    f: pdfBytes(8 * MIB),
  });
  await client.begin(body, 1 * MIB);
  expect((await client.answer()).body.errors).toMatchObject([{ message: 'refused' }]);
  client.socket.resume();
  await expect.poll(() => client.socket.closed).toBe(true);
});

test('ends a request whose client stops sending', async () => {
  await using storage = await startBlobStub();
  await using gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
    uploads: { stallTimeoutMs: 50 },
  });
  const body = uploadBody(UPLOAD, { f: pdfBytes(6 * MIB) });

  using inTheFile = new PoliteClient(gateway.port);
  await inTheFile.begin(body, 5 * MIB);
  expect((await inTheFile.answer()).body.errors).toMatchObject([{ extensions: { kind: 'stalled' } }]);

  using inTheFields = new PoliteClient(gateway.port);
  await inTheFields.begin(body, 60);
  expect(await inTheFields.answer()).toMatchObject({
    status: 408,
    body: { errors: [{ extensions: { code: 'REQUEST_TIMEOUT' } }] },
  });
  expect(storage.count('putBlockList')).toBe(0);
});
