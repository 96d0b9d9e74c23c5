import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { BlockBlobClient } from '@azure/storage-blob';
import { describe, expect, test } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { issuerOf, START, poll, putBlob, sandboxForTest } from './support-issuer.ts';

const MIB = 1_024 * 1_024;
const BLOCK_BLOB = { 'x-ms-blob-type': 'BlockBlob' };
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const blockId = (text: string) => encodeURIComponent(Buffer.from(text).toString('base64'));

/** An upload URL of a fresh document, on a clock that stands still so that no validation takes the file away. */
async function freshUpload() {
  const sandbox = await sandboxForTest({ frozenAt: START });
  const { clock } = sandbox;
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  const url = await issuer.uploadUrl(request.id, request.documents[0]?.id ?? '');
  return { clock, sandbox, issuer, request, url };
}

async function put(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) {
  const response = await fetch(url, { method: 'PUT', headers, body });
  return {
    status: response.status,
    code: response.headers.get('x-ms-error-code'),
    text: await response.text(),
  };
}

const putBlock = (url: string, id: string, body: string) =>
  put(`${url}&comp=block&blockid=${blockId(id)}`, body);
const putList = (url: string, entries: string) =>
  put(`${url}&comp=blocklist`, `<?xml version="1.0" encoding="utf-8"?><BlockList>${entries}</BlockList>`);
const entry = (kind: string, id: string) => `<${kind}>${Buffer.from(id).toString('base64')}</${kind}>`;

describe('an upload address', () => {
  // Conforms (Storage, service): Each upload URL leads to a new blob, for 15 minutes, to read, add, create and
  // write.
  test('leads to a new blob with each call and names nothing else', async () => {
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
    const answer = await put(url, 'x', BLOCK_BLOB);
    expect(answer).toMatchObject({ status: 403, code: 'AuthenticationFailed' });
    expect(answer.text).toContain(
      '<AuthenticationErrorDetail>Signature not valid in the specified time frame: Start [Thu, 05 Mar 2026 09:14:07 GMT] - Expiry [Thu, 05 Mar 2026 09:29:07 GMT] - Current [Thu, 05 Mar 2026 09:29:07 GMT]</AuthenticationErrorDetail>',
    );
    expect(answer.text).toMatch(
      /^<\?xml version="1.0" encoding="utf-8"\?><Error><Code>AuthenticationFailed<\/Code><Message>/,
    );
  });

  test.each([
    ['another expiry', (url: URL) => url.searchParams.set('se', '2030-01-01T00:00:00Z')],
    ['more permissions', (url: URL) => url.searchParams.set('sp', 'racwd')],
    ['another signature', (url: URL) => url.searchParams.set('sig', 'AAAA')],
    ['another blob', (url: URL) => (url.pathname = `${url.pathname.slice(0, -1)}Z`)],
  ])('is refused with %s', async (_, alter) => {
    const { url } = await freshUpload();
    const altered = new URL(url);
    alter(altered);
    const target = altered.href === url ? `${altered.href}A` : altered.href;
    expect(await put(target, 'x', BLOCK_BLOB)).toMatchObject({ status: 403, code: 'AuthenticationFailed' });
  });

  test('is refused by another sandbox', async () => {
    const { url } = await freshUpload();
    const other = await sandboxForTest({ frozenAt: START });
    const { pathname, search } = new URL(url);
    const answer = await put(`${other.origin}${pathname}${search}`, 'x', BLOCK_BLOB);
    expect(answer).toMatchObject({ status: 403, code: 'AuthenticationFailed' });
  });

  test('uses the name by which the caller reached the sandbox', async () => {
    const { issuer, request } = await freshUpload();
    // Node's fetch sets Host itself, so this goes one floor down.
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
  test('stores the bytes and says so in headers', async () => {
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
  test('takes 100 MiB', async () => {
    const { sandbox, url } = await freshUpload();
    const file = await makePdf({ padToBytes: 100 * MIB });
    expect((await putBlob(url, file)).status).toBe(201);
    expect(sandbox.storedBlobs()).toMatchObject([{ size: file.length, sha256: sha256(file) }]);
  });

  test('needs a blob type, and the right one', async () => {
    const { url } = await freshUpload();
    const missing = await put(url, 'x');
    expect(missing).toMatchObject({ status: 400, code: 'MissingRequiredHeader' });
    expect(missing.text).toContain('<HeaderName>x-ms-blob-type</HeaderName>');
    const page = await put(url, 'x', { 'x-ms-blob-type': 'PageBlob' });
    expect(page).toMatchObject({ status: 400, code: 'InvalidHeaderValue' });
  });

  test('needs a length', async () => {
    const { sandbox, url } = await freshUpload();
    // Without a length Node sends the body in chunks.
    const upload = httpRequest(url, { method: 'PUT', headers: BLOCK_BLOB });
    upload.write('x');
    upload.end();
    const [response] = await once(upload, 'response');
    expect([response.statusCode, response.headers['x-ms-error-code']]).toEqual([
      411,
      'MissingContentLengthHeader',
    ]);
    response.resume();
    expect(sandbox.storedBlobs()).toEqual([]);
  });

  test('refuses content that is not what its MD5 says', async () => {
    const { sandbox, url } = await freshUpload();
    const answer = await put(url, 'x', { ...BLOCK_BLOB, 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' });
    expect(answer).toMatchObject({ status: 400, code: 'Md5Mismatch' });
    expect(sandbox.storedBlobs()).toEqual([]);
  });

  test('refuses an Authorization header beside the signature', async () => {
    const { url } = await freshUpload();
    const answer = await put(url, 'x', { ...BLOCK_BLOB, authorization: 'Bearer x' });
    expect(answer).toMatchObject({ status: 400, code: 'InvalidAuthenticationInfo' });
  });

  // Conforms (Storage, Azure): An upload that breaks off stores nothing.
  test('stores nothing when the connection breaks in the middle', async () => {
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

describe('Put Block and Put Block List', () => {
  test('make a blob of the named blocks, in the order of the list', async () => {
    const { sandbox, url } = await freshUpload();
    for (const [id, text] of [
      ['b1', 'one'],
      ['b2', 'two'],
      ['b3', 'three'],
    ] as const) {
      expect(await putBlock(url, id, text)).toMatchObject({ status: 201, text: '' });
    }
    expect(sandbox.storedBlobs()).toEqual([]);
    const list = [entry('Latest', 'b3'), entry('Uncommitted', 'b1')].join('');
    expect(await putList(url, list)).toMatchObject({ status: 201 });
    expect(await (await fetch(url)).text()).toBe('threeone');
    expect(
      sandbox.journal
        .entries()
        .map(({ operationId }) => operationId)
        .slice(-3),
    ).toEqual(['putBlock', 'putBlockList', 'getBlob']);
  });

  test('let a block be sent again before the list', async () => {
    const { url } = await freshUpload();
    await putBlock(url, 'b1', 'old');
    await putBlock(url, 'b1', 'new');
    await putList(url, entry('Latest', 'b1'));
    expect(await (await fetch(url)).text()).toBe('new');
  });

  test('keep committed blocks for a later list and forget uncommitted ones', async () => {
    const { url } = await freshUpload();
    await putBlock(url, 'b1', 'one');
    await putBlock(url, 'b2', 'two');
    await putList(url, entry('Latest', 'b1'));
    expect(await putList(url, entry('Latest', 'b2'))).toMatchObject({
      status: 400,
      code: 'InvalidBlockList',
    });
    expect(await putList(url, entry('Uncommitted', 'b1'))).toMatchObject({ code: 'InvalidBlockList' });
    await putBlock(url, 'b3', '+');
    expect(await putList(url, entry('Committed', 'b1') + entry('Latest', 'b3'))).toMatchObject({
      status: 201,
    });
    expect(await (await fetch(url)).text()).toBe('one+');
    await putBlock(url, 'b4', 'x');
    await putBlob(url, Buffer.from('whole'));
    expect(await putList(url, entry('Latest', 'b4'))).toMatchObject({
      status: 400,
      code: 'InvalidBlockList',
    });
  });

  test('refuse an unknown block, ids of two lengths, an id that is not Base64 and a list that is none', async () => {
    const { sandbox, url } = await freshUpload();
    expect(await putBlock(url, 'b1', 'x')).toMatchObject({ status: 201 });
    expect(await putBlock(url, 'block-with-another-length', 'x')).toMatchObject({
      status: 400,
      code: 'InvalidBlobOrBlock',
    });
    expect(await put(`${url}&comp=block&blockid=***`, 'x')).toMatchObject({
      status: 400,
      code: 'InvalidQueryParameterValue',
    });
    expect(await put(`${url}&comp=block`, 'x')).toMatchObject({
      status: 400,
      code: 'MissingRequiredQueryParameter',
    });
    expect(await putBlock(url, 'b2', '')).toMatchObject({ status: 400, code: 'InvalidHeaderValue' });
    expect(await putList(url, entry('Latest', 'b9'))).toMatchObject({
      status: 400,
      code: 'InvalidBlockList',
    });
    expect(await put(`${url}&comp=blocklist`, 'hello')).toMatchObject({
      status: 400,
      code: 'InvalidXmlDocument',
    });
    expect(await put(`${url}&comp=metadata`, '')).toMatchObject({ code: 'InvalidQueryParameterValue' });
    expect(sandbox.storedBlobs()).toEqual([]);
  });
});

test('refuses to delete, and to serve anybody without a signature', async () => {
  const { url } = await freshUpload();
  await putBlob(url, await makePdf());
  const deleted = await fetch(url, { method: 'DELETE' });
  expect([deleted.status, deleted.headers.get('x-ms-error-code')]).toEqual([
    403,
    'AuthorizationPermissionMismatch',
  ]);
  const anonymous = await fetch(url.split('?')[0] ?? '');
  expect([anonymous.status, anonymous.headers.get('x-ms-error-code')]).toEqual([
    409,
    'PublicAccessNotPermitted',
  ]);
  expect((await fetch(url)).status).toBe(200);
});

describe("Azure's own client", () => {
  test('uploads a small file in one piece', async () => {
    const { sandbox, issuer, request, url, clock } = await freshUpload();
    const file = await makePdf();
    await new BlockBlobClient(url).uploadData(file, {
      blobHTTPHeaders: { blobContentType: 'application/pdf' },
    });
    expect(sandbox.storedBlobs()).toMatchObject([{ size: file.length, sha256: sha256(file) }]);
    await clock.advance(5_000);
    await issuer.until(request.id, ({ documents: [doc] }) => doc?.status === 'READY');
  });

  // Conforms (Storage, manual): Azure's own client uploads, in one piece and in blocks.
  test('uploads in blocks, in any order', async () => {
    const { sandbox, url } = await freshUpload();
    const file = await makePdf({ padToBytes: 9 * MIB + 1 });
    await new BlockBlobClient(url).uploadData(file, {
      maxSingleShotSize: MIB,
      blockSize: 2 * MIB,
      concurrency: 3,
    });
    expect(sandbox.storedBlobs()).toMatchObject([{ size: file.length, sha256: sha256(file) }]);
    expect(sandbox.journal.entries({ operationId: 'putBlock', ended: 'answered' })).toHaveLength(5);
  });

  test('stages and commits by hand, and understands a refusal', async () => {
    const { url } = await freshUpload();
    const client = new BlockBlobClient(url);
    await client.stageBlock('YjE=', 'one', 3);
    await client.commitBlockList(['YjE=']);
    expect((await client.downloadToBuffer()).toString()).toBe('one');
    await expect(client.commitBlockList(['YjI='])).rejects.toMatchObject({
      statusCode: 400,
      code: 'InvalidBlockList',
    });
    await expect(client.delete()).rejects.toMatchObject({ code: 'AuthorizationPermissionMismatch' });
  });
});
