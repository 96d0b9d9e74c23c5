import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAzurite } from './azurite.ts';
import { pdfBytes, PoliteClient, uploadBody } from '../support/multipart.ts';
import { startUploadGateway } from '../support/upload-gateway.ts';

const MIB = 1024 * 1024;
const UPLOAD = 'mutation($name: String, $f: Upload!) { upload(name: $name, file: $f) { sizeBytes sha256 } }';
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

let azurite: Awaited<ReturnType<typeof startAzurite>>;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite[Symbol.asyncDispose]());

async function upload(name: string, content: Buffer, options: { address?: string; maxBytes?: number } = {}) {
  const { address = azurite.address(name), maxBytes = 100 * MIB } = options;
  await using gateway = await startUploadGateway({
    target: () => address,
    storage: { allowedHosts: [azurite.origin] },
    maxBytes,
  });
  using client = new PoliteClient(gateway.port);
  return (await client.post(uploadBody(UPLOAD, { f: content }, { name }))).body;
}

test.each([
  ['ten bytes', 10],
  ['exactly one block', 4 * MIB],
  ['one block and a byte', 4 * MIB + 1],
  ['several whole blocks', 12 * MIB],
  ['many blocks', 50 * MIB + 12_345],
])('stores a file of %s as it was sent', async (name, size) => {
  const content = pdfBytes(size);
  const { data } = await upload(name, content);
  expect(data['upload']).toEqual({ sizeBytes: size, sha256: sha256(content) });
  const blob = await azurite.read(name);
  expect(blob?.contentType).toBe('application/pdf');
  expect(sha256(blob?.content ?? Buffer.alloc(0))).toBe(sha256(content));
});

test('replaces the existing file at the URL', async () => {
  await upload('twice', pdfBytes(9 * MIB));
  const content = pdfBytes(5 * MIB);
  await upload('twice', content);
  expect((await azurite.read('twice'))?.content.equals(content)).toBe(true);
});

test('commits nothing of a file over the limit', async () => {
  const { errors } = await upload('too large', pdfBytes(20 * MIB), { maxBytes: 19 * MIB });
  expect(errors).toMatchObject([{ extensions: { kind: 'too-large' } }]);
  expect(await azurite.read('too large')).toBeUndefined();
});

test.each([
  [
    'has expired',
    'AuthorizationFailure|AuthenticationFailed',
    (name: string) => azurite.address(name, { expiresOn: new Date(Date.now() - 60_000) }),
  ],
  [
    'may only read',
    'AuthorizationPermissionMismatch',
    (name: string) => azurite.address(name, { permissions: 'r' }),
  ],
  [
    'was altered',
    'AuthenticationFailed|AuthorizationFailure',
    (name: string) => azurite.address(name).replace(/sig=..../, 'sig=AAAA'),
  ],
])('reports a URL that %s by the code of the storage', async (name, codes, address) => {
  const { errors } = await upload(name, pdfBytes(9 * MIB), { address: address(name) });
  expect(errors).toMatchObject([{ extensions: { kind: 'forbidden', detail: expect.stringMatching(codes) } }]);
  expect(JSON.stringify(errors)).not.toMatch(/sig=|uploaded-documents/);
});
