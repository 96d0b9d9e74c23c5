import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { startBlobStub } from '../../support/blob-stub.ts';
import { pdfBytes, PoliteClient, uploadBody } from '../../support/multipart.ts';
import { startUploadGateway } from '../../support/upload-gateway.ts';

const MIB = 1024 * 1024;
const TWO = `mutation($a: Upload!, $b: Upload!) {
  a: upload(name: "a", file: $a) { sizeBytes sha256 }
  b: upload(name: "b", file: $b) { sizeBytes sha256 }
}`;
const stored = (content: Buffer) => ({
  sizeBytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
});

async function start(uploads = {}) {
  const storage = await startBlobStub();
  const gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
    uploads,
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

test.each([
  [1000, 1000],
  [100_000, 100_000],
  [9 * MIB, 9 * MIB],
])('stores two files sent in the order of their fields (%i and %i bytes)', async (sizeA, sizeB) => {
  await using t = await start();
  const [a, b] = [pdfBytes(sizeA), pdfBytes(sizeB)];
  const { body } = await t.client.post(uploadBody(TWO, { a, b }));
  expect(body).toEqual({ data: { a: stored(a), b: stored(b) } });
});

test.each([
  [1000, 1000],
  [1000, 9 * MIB],
  [100_000, 70_000],
  [4 * MIB, 9 * MIB],
])(
  'keeps a file of at most a block that comes before the one needed first (%i, then %i bytes)',
  async (sizeB, sizeA) => {
    await using t = await start();
    const [a, b] = [pdfBytes(sizeA), pdfBytes(sizeB)];
    const { body } = await t.client.post(uploadBody(TWO, { b, a }));
    expect(body).toEqual({ data: { a: stored(a), b: stored(b) } });
    await expect.poll(() => t.gateway.earlyPool.inUse).toBe(0);
  },
);

test('spills several early files to one block', async () => {
  await using t = await start();
  const query = `mutation($a: Upload!, $b: Upload!, $c: Upload!, $d: Upload!) {
    a: upload(file: $a) { sizeBytes sha256 } b: upload(file: $b) { sizeBytes sha256 }
    c: upload(file: $c) { sizeBytes sha256 } d: upload(file: $d) { sizeBytes sha256 }
  }`;
  const [a, b, c, d] = [pdfBytes(5 * MIB), pdfBytes(3 * MIB), pdfBytes(90_000), pdfBytes(3 * MIB)];
  const { body } = await t.client.post(uploadBody(query, { d, c, b, a }));
  expect(body).toEqual({ data: { a: stored(a), b: stored(b), c: stored(c), d: stored(d) } });
  await expect.poll(() => t.gateway.earlyPool.inUse).toBe(0);
});

test('fails both fields when the early file is larger than a block, and says how to send the files', async () => {
  // Stall detection cannot end this, because the client has sent everything.
  await using t = await start({ stallTimeoutMs: 600_000 });
  const { body } = await t.client.post(uploadBody(TWO, { b: pdfBytes(4 * MIB + 1), a: pdfBytes(1000) }));
  expect(body.data).toEqual({ a: null, b: null });
  expect(body.errors).toMatchObject([
    { path: ['a'], message: expect.stringContaining('in the order'), extensions: { kind: 'out-of-order' } },
    { path: ['b'], extensions: { kind: 'out-of-order' } },
  ]);
  expect(t.storage.calls).toEqual([]);
  await expect.poll(() => t.gateway.earlyPool.inUse).toBe(0);
});

test('pauses the client while no field reads a file', async () => {
  const slow = Promise.withResolvers<string>();
  await using storage = await startBlobStub();
  await using gateway = await startUploadGateway({
    target: (name) => (name === 'a' ? slow.promise : storage.address(name)),
    storage: { allowedHosts: [storage.origin] },
  });
  using client = new PoliteClient(gateway.port);
  const [a, b] = [pdfBytes(1000), pdfBytes(20 * MIB)];
  const answer = client.post(uploadBody(TWO, { a, b }));
  // The server reads until its buffers are full, so the client cannot send more.
  let written = 0;
  const isStuck = (): boolean => written === (written = client.socket.bytesWritten) && written > 64 * 1024;
  await expect.poll(isStuck, { interval: 100 }).toBe(true);
  slow.resolve(storage.address('a'));
  expect((await answer).body).toEqual({ data: { a: stored(a), b: stored(b) } });
  expect(gateway.earlyPool.inUse).toBe(0);
});

test.each([
  ['first', 1000],
  ['first', 3 * MIB],
  ['last', 1000],
  ['last', 9 * MIB],
])('ignores a file that no field reads, sent %s (%i bytes)', async (place, size) => {
  await using t = await start();
  const query =
    'mutation($f: Upload!, $unused: Upload) { upload(file: $f) { sizeBytes sha256 } refuse(file: $unused) @skip(if: true) { sizeBytes } }';
  const [f, unused] = [pdfBytes(9 * MIB), pdfBytes(size)];
  const files = place === 'first' ? { unused, f } : { f, unused };
  expect((await t.client.post(uploadBody(query, files))).body).toEqual({ data: { upload: stored(f) } });
  expect((await t.client.post(uploadBody(TWO, { a: f, b: f }))).body.data['b']).toEqual(stored(f));
  await expect.poll(() => t.gateway.earlyPool.inUse).toBe(0);
});

test.each([1000, 3 * MIB])(
  'continues with the next field when the file of the first is refused (%i bytes)',
  async (size) => {
    await using t = await start();
    const b = pdfBytes(size);
    const { body } = await t.client.post(uploadBody(TWO, { a: Buffer.alloc(9 * MIB, 'x'), b }));
    expect(body.data).toEqual({ a: null, b: stored(b) });
  },
);

test('serves concurrent readers in any order', async () => {
  await using t = await start();
  const { body } = await t.client.post(
    uploadBody('query($a: Upload!, $b: Upload!) { both(a: $a, b: $b) }', {
      a: pdfBytes(9 * MIB),
      b: pdfBytes(9 * MIB),
    }),
  );
  expect(body).toEqual({ data: { both: 18 * MIB } });
});

test('serves many requests that all spill a file, with fewer blocks than requests', async () => {
  await using t = await start();
  const [a, b] = [pdfBytes(5 * MIB), pdfBytes(1 * MIB)];
  const answers = await Promise.all(
    Array.from({ length: 8 }, async () => {
      using client = new PoliteClient(t.gateway.port);
      return (await client.post(uploadBody(TWO, { b, a }))).body;
    }),
  );
  expect(answers).toEqual(Array.from({ length: 8 }, () => ({ data: { a: stored(a), b: stored(b) } })));
  await expect.poll(() => t.gateway.earlyPool.inUse + t.gateway.pool.inUse).toBe(0);
});
