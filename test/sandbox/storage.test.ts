import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, expect, test } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { issuerOf, START, poll, putBlob, sandboxForTest } from './support-issuer.ts';
import { BLOCK_BLOB, freshUpload, get, putBlock, putList, send } from './support-storage.ts';

const MIB = 1_024 * 1_024;
const WRONG_MD5 = { ...BLOCK_BLOB, 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' };
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('a pre-signed upload URL', () => {
  // Conforms (Storage, service): Each upload URL leads to a new blob, for 15 minutes, to read, add, create and
  // write.
  test('is for a new blob in each call, without another id in its name', async () => {
    const { issuer, request, url, clock } = await freshUpload();
    const other = await issuer.uploadUrl(request.id, request.documents[0]?.id ?? '');
    expect(new URL(other).pathname).not.toBe(new URL(url).pathname);
    expect(new URL(url).pathname).toMatch(/^\/iopitnsignst01\/uploaded-documents\/[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(url).not.toContain(request.documents[0]?.id);
    const start = '2026-03-05T09:14:07Z';
    expect(clock.now()).toBeGreaterThan(Date.parse(start));
    expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
      sv: '2026-06-06',
      spr: 'https,http',
      st: start,
      se: '2026-03-05T09:29:07Z',
      sr: 'b',
      sp: 'racw',
      rsct: 'application/pdf',
      sig: expect.any(String),
    });
  });

  // Conforms (Storage, Azure): An expired URL is a 403 AuthenticationFailed with the times.
  test('is refused from the 15th minute on, with the times', async () => {
    const { clock, url } = await freshUpload();
    await clock.advance(15 * 60_000 - 413);
    expect((await putBlob(url, await makePdf())).status).toBe(201);
    await clock.advance(1);
    const answer = await send(url, { headers: BLOCK_BLOB, body: 'x' });
    expect(answer).toMatchObject({ status: 403, code: 'AuthenticationFailed' });
    expect(answer.text).toContain(
      '<AuthenticationErrorDetail>Signature not valid in the specified time frame: Start [Thu, 05 Mar 2026 09:14:07 GMT] - Expiry [Thu, 05 Mar 2026 09:29:07 GMT] - Current [Thu, 05 Mar 2026 09:29:07 GMT]</AuthenticationErrorDetail>',
    );
    expect(answer.text).toMatch(
      /^<\?xml version="1.0" encoding="utf-8"\?><Error><Code>AuthenticationFailed<\/Code><Message>/,
    );
  });

  test('is refused by another sandbox', async () => {
    const { url } = await freshUpload();
    const other = await sandboxForTest({ frozenAt: START });
    const { pathname, search } = new URL(url);
    const answer = await send(`${other.origin}${pathname}${search}`, { headers: BLOCK_BLOB });
    expect(answer).toMatchObject({ status: 403, code: 'AuthenticationFailed' });
  });

  test('uses the host of the request', async () => {
    const { issuer, request } = await freshUpload();
    // Node's fetch sets Host itself, so this uses node:http.
    const path = `/signature-requests/${request.id}/documents/${request.documents[0]?.id}/upload_url`;
    const { url } = await freshUploadVia(issuer, path);
    expect(url).toContain('http://sandbox.test:4010/iopitnsignst01/');
  });
});

async function freshUploadVia(issuer: ReturnType<typeof issuerOf>, path: string) {
  const answer = httpRequest(`${issuer.url}${path}`, {
    headers: { host: 'sandbox.test:4010', 'ocp-apim-subscription-key': 'key' },
  }).end();
  const [response] = await once(answer, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { url: String(JSON.parse(Buffer.concat(chunks).toString())) };
}

describe('Put Blob', () => {
  test('stores the bytes and returns their headers', async () => {
    const { sandbox, url } = await freshUpload();
    const file = await makePdf();
    const response = await putBlob(url, file);
    expect([response.status, await response.text()]).toEqual([201, '']);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: expect.stringMatching(/^"0x[0-9A-F]+"$/),
      'last-modified': 'Thu, 05 Mar 2026 09:14:07 GMT',
      'content-md5': createHash('md5').update(file).digest('base64'),
      'x-ms-request-id': expect.any(String),
      'x-ms-version': expect.any(String),
      'x-ms-version-id': expect.any(String),
      'x-ms-request-server-encrypted': 'true',
    });
    const { pathname } = new URL(url);
    expect(sandbox.storedBlobs()).toEqual([
      {
        container: 'uploaded-documents',
        name: pathname.split('/').at(-1),
        size: file.length,
        sha256: sha256(file),
      },
    ]);
    const read = await fetch(url);
    expect(read.headers.get('content-type')).toBe('application/pdf');
    expect(sha256(new Uint8Array(await read.arrayBuffer()))).toBe(sha256(file));
  });

  // Conforms (Storage, service): The service sets no limit to the size of a file.
  test('accepts 100 MiB', async () => {
    const { sandbox, url } = await freshUpload();
    const file = await makePdf({ padToBytes: 100 * MIB });
    expect((await putBlob(url, file)).status).toBe(201);
    expect(sandbox.storedBlobs()).toMatchObject([{ size: file.length, sha256: sha256(file) }]);
  });

  // Conforms (Storage, Azure): An interrupted upload stores nothing.
  test('stores nothing when the connection breaks during the upload', async () => {
    const { sandbox, url, clock } = await freshUpload();
    const upload = httpRequest(url, {
      method: 'PUT',
      headers: { ...BLOCK_BLOB, 'content-length': 10 * MIB },
    });
    upload.on('error', () => {});
    upload.write(Buffer.alloc(MIB));
    await poll(() => (sandbox.storageActivity().putsInFlight === 1 ? true : undefined));
    upload.destroy();
    await poll(() => (sandbox.storageActivity().putsInFlight === 0 ? true : undefined));
    await poll(() => (sandbox.storageActivity().openConnections === 0 ? true : undefined));
    await clock.advance(60_000);
    expect(sandbox.storedBlobs()).toEqual([]);
    expect(sandbox.journal.entries().at(-1)).toMatchObject({ operationId: 'putBlob', ended: 'aborted' });
  });
});

test('stores a file in blocks only when the block list arrives', async () => {
  const { sandbox, url } = await freshUpload();
  await putBlock(url, 'b1', 'x');
  expect(sandbox.storedBlobs()).toEqual([]);
  await putList(url, 'Latest b1');
  expect((await get(url)).text).toBe('x');
  const operations = sandbox.journal.entries().map(({ operationId }) => operationId);
  expect(operations.slice(-3)).toEqual(['putBlock', 'putBlockList', 'getBlob']);
});

test('refused writes store nothing, and refused deletes remove nothing', async () => {
  const { sandbox, url } = await freshUpload();
  for (const call of [{}, { headers: BLOCK_BLOB, chunked: true }, { headers: WRONG_MD5 }]) {
    expect((await send(url, { ...call, body: 'x' })).status).toBeGreaterThanOrEqual(400);
  }
  await putList(url, 'Latest b1');
  expect(sandbox.storedBlobs()).toEqual([]);
  await putBlob(url, await makePdf());
  await send(url, { method: 'DELETE' });
  expect((await get(url)).status).toBe(200);
});
