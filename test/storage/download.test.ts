import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NO_PROXY } from '../../src/upstream/connect-through.ts';
import { createStorage } from '../../src/upstream/storage/create-storage.ts';
import type { StorageClient } from '../../src/upstream/storage/blobs.ts';
import { getBlob, getBlobProperties, putBlob } from '../../src/upstream/storage/blobs.ts';
import { startAzurite } from './azurite.ts';
import { pdfBytes } from '../support/multipart.ts';

let azurite: Awaited<ReturnType<typeof startAzurite>>;
let storage: StorageClient;
const file = pdfBytes(300_000);

beforeAll(async () => {
  azurite = await startAzurite();
  storage = createStorage({
    allowedHosts: [azurite.origin],
    proxyFor: NO_PROXY,
    retries: { attempts: 1 },
  }).shared;
  await putBlob(storage, azurite.address('signed'), file);
});
afterAll(async () => {
  await storage.close();
  await azurite[Symbol.asyncDispose]();
});

const readable = (name: string): string => azurite.address(name, { permissions: 'r' });

test('a URL with read permission returns the file and its properties', async () => {
  const { body, ...facts } = await getBlob(storage, readable('signed'));
  expect((await buffer(body)).equals(file)).toBe(true);
  expect(facts).toEqual({
    contentLength: file.length,
    contentRange: undefined,
    etag: expect.stringMatching(/^"0x[\dA-F]+"$/),
    lastModified: expect.stringMatching(/GMT$/),
  });
  expect(await getBlobProperties(storage, readable('signed'))).toEqual(facts);
});

test.each([
  ['bytes=0-99', 0, 99],
  ['bytes=299990-', 299_990, 299_999],
  ['bytes=299990-999999', 299_990, 299_999],
])('the range %s returns a part of the file', async (range, first, last) => {
  const { etag } = await getBlobProperties(storage, readable('signed'));
  const content = await getBlob(storage, readable('signed'), { range, ifMatch: etag });
  expect((await buffer(content.body)).equals(file.subarray(first, last + 1))).toBe(true);
  expect(content).toMatchObject({
    contentRange: `bytes ${first}-${last}/300000`,
    contentLength: last - first + 1,
  });
});

test.each([
  ['after the end', () => getBlob(storage, readable('signed'), { range: 'bytes=300000-' }), { status: 416 }],
  ['of another file', () => getBlob(storage, readable('signed'), { ifMatch: '"0x0"' }), { status: 412 }],
  ['of a missing file', () => getBlob(storage, readable('gone')), { kind: 'not-found' }],
  [
    'of the properties of a missing file',
    () => getBlobProperties(storage, readable('gone')),
    { kind: 'not-found' },
  ],
  [
    'with an expired URL',
    () =>
      getBlob(
        storage,
        azurite.address('signed', { permissions: 'r', expiresOn: new Date(Date.now() - 60_000) }),
      ),
    { kind: 'forbidden' },
  ],
])('a read %s fails', async (_, read, failure) => {
  await expect(read()).rejects.toMatchObject(failure);
});
