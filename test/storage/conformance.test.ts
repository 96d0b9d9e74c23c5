import { createHash } from 'node:crypto';
import { BlockBlobClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { azuriteStorage, startAzurite } from './azurite.ts';
import { STORAGE_CASES } from '../sandbox/storage-cases.ts';
import { SANDBOX_STORAGE, get, putBlob, putBlock, putList, send } from '../sandbox/support-storage.ts';
import type { StorageReply, StorageUnderTest } from '../sandbox/support-storage.ts';

// The same calls to the storage of the sandbox and to Azurite, Microsoft's emulator. Where they differ, the case
// has the reason: the sandbox follows the documentation of Azure, and the answer of Azurite is checked too, so that a change
// is noticed.

let azurite: Awaited<ReturnType<typeof startAzurite>>;
let storages: Readonly<Record<string, StorageUnderTest>>;
beforeAll(async () => {
  azurite = await startAzurite();
  storages = { sandbox: SANDBOX_STORAGE, Azurite: azuriteStorage(azurite) };
});
afterAll(() => azurite[Symbol.asyncDispose]());

const NAMES = ['sandbox', 'Azurite'] as const;

function storage(name: string): StorageUnderTest {
  const found = storages[name];
  if (found === undefined) throw new Error(`No storage ${name}`);
  return found;
}

const summary = ({ status, code }: StorageReply): string => [status, code].filter(Boolean).join(' ');

describe.each(NAMES)('%s answers', (name) => {
  // Conforms (Storage, Azure): Errors are XML with Code and Message, and have x-ms-error-code; HEAD has only the
  // header.
  test.each(STORAGE_CASES)('$what: $answer', async ({ act, answer, azurite: exception }) => {
    const reply = await act(storage(name));
    const expected = name === 'Azurite' && exception !== undefined ? exception.answer : answer;
    expect(summary(reply)).toBe(expected);
    if (name === 'sandbox') expect(reply.text).not.toMatch(/sig=/);
    // The body also contains the code, if the answer may have a body.
    const { 'content-length': length, 'content-type': type } = reply.headers;
    if (reply.code !== undefined && reply.text !== '') {
      expect([type, length !== '0']).toEqual(['application/xml', true]);
      const [, code, message] =
        /^<\?xml version="1\.0" encoding="utf-8"[^>]*\?>\s*<Error>\s*<Code>(\w+)<\/Code>\s*<Message>([^<]+)<\/Message>[^]*<\/Error>\s*$/i.exec(
          reply.text,
        ) ?? [];
      expect(code).toBe(reply.code);
      expect(message).toMatch(/\nRequestId:[\w-]{36}\nTime:\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    }
  });
});

describe.each(NAMES)('%s', (name) => {
  const md5 = (text: string): string => createHash('md5').update(text).digest('base64');

  // Conforms (Storage, Azure): Put Blob answers ETag, Last-Modified and Content-MD5; the content type of the
  // address wins.
  test('returns headers of the stored blob, and its content', async () => {
    const url = await storage(name).fresh();
    const written = await putBlob(url, 'hello', { 'content-type': 'text/plain' });
    expect([written.status, written.text]).toEqual([201, '']);
    expect(written.headers).toMatchObject({
      etag: expect.stringMatching(/^"0x[0-9A-F]+"$/),
      'last-modified': expect.stringMatching(/ GMT$/),
      'content-md5': md5('hello'),
      'x-ms-request-id': expect.any(String),
      'x-ms-version': '2026-06-06',
      'x-ms-request-server-encrypted': 'true',
      date: expect.stringMatching(/ GMT$/),
    });

    const read = await get(url);
    expect(read.text).toBe('hello');
    const described = {
      // The URL determines the media type, independent of the stored one.
      'content-type': 'application/pdf',
      'content-length': '5',
      'content-md5': md5('hello'),
      'accept-ranges': 'bytes',
      'last-modified': written.headers['last-modified'],
      'x-ms-blob-type': 'BlockBlob',
      'x-ms-server-encrypted': 'true',
    };
    expect(read.headers).toMatchObject(described);
    const head = await send(url, { method: 'HEAD' });
    expect([head.text, head.headers]).toEqual(['', expect.objectContaining(described)]);
  });

  // Conforms (Storage, Azure): Reads of a part are 206; x-ms-range goes before Range.
  test('returns ranges of a blob, and prefers x-ms-range over Range', async () => {
    const url = await storage(name).fresh();
    await putBlob(url, 'hello');
    const part = await get(url, { range: 'bytes=1-2' });
    expect([part.status, part.text]).toEqual([206, 'el']);
    expect(part.headers).toMatchObject({
      'content-range': 'bytes 1-2/5',
      'content-length': '2',
      'x-ms-blob-content-md5': md5('hello'),
    });
    expect(part.headers).not.toHaveProperty('content-md5');
    expect((await get(url, { range: 'bytes=3-' })).text).toBe('lo');
    expect((await get(url, { range: 'bytes=3-99' })).headers['content-range']).toBe('bytes 3-4/5');
    expect((await get(url, { range: 'bytes=3-4', 'x-ms-range': 'bytes=0-0' })).text).toBe('h');
    expect((await get(url, { range: 'bytes=9-' })).headers['content-range']).toBe('bytes */5');
  });

  // Conforms (Storage, Azure): A block list makes the blob, in its order; committed blocks may be named again.
  test('commits the blocks of the list in its order, including repetitions', async () => {
    const url = await storage(name).fresh();
    await putBlock(url, 'b1', 'one');
    await putBlock(url, 'b2', 'two');
    await putBlock(url, 'b2', 'TWO');
    await putList(url, 'Latest b2', 'Uncommitted b1', 'Latest b2');
    expect((await get(url)).text).toBe('TWOoneTWO');
    await putBlock(url, 'b3', '!');
    await putList(url, 'Committed b1', 'Latest b3');
    expect((await get(url)).text).toBe('one!');
  });

  test('returns the MD5 from the block list', async () => {
    const url = await storage(name).fresh();
    await putBlock(url, 'b1', 'one');
    const list = `<BlockList><Latest>${Buffer.from('b1').toString('base64')}</Latest></BlockList>`;
    const headers = { 'x-ms-blob-content-md5': md5('one') };
    expect((await send(`${url}&comp=blocklist`, { body: list, headers })).status).toBe(201);
    expect((await get(url)).headers['content-md5']).toBe(md5('one'));
  });

  test('returns the request id of the client', async () => {
    const reply = await putBlob(await storage(name).fresh(), 'x', { 'x-ms-client-request-id': 'my-id' });
    expect(reply.headers['x-ms-client-request-id']).toBe('my-id');
  });

  test("is read in parts by Azure's own client", async () => {
    const url = await storage(name).fresh();
    const content = Buffer.alloc(3_000_001, 'sigillo ');
    await new BlockBlobClient(url).uploadData(content, {
      blockSize: 1_000_000,
      maxSingleShotSize: 1_000_000,
    });
    const read = await new BlockBlobClient(url).downloadToBuffer(0, undefined, { blockSize: 700_000 });
    expect(read.equals(content)).toBe(true);
  });
});
