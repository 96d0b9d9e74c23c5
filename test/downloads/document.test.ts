import { expect, test } from 'vitest';
import { at, DOCUMENT, PATH, REQUEST, startSigned } from '../support/downloads.ts';
import { exchange } from '../support/raw-http.ts';

const headersOf = (response: Response) => {
  const {
    date: _,
    'x-request-id': __,
    'keep-alive': ___,
    connection: ____,
    ...headers
  } = Object.fromEntries(response.headers);
  return headers;
};

async function problemOf(response: Response) {
  const text = await response.text();
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('cache-control')).toBe('private, no-store');
  expect(text).not.toMatch(/sig=|signed-documents|127\.0\.0\.1/);
  return JSON.parse(text) as unknown;
}

test('a signed document is sent whole, with headers that protect a browser', async () => {
  const { file, run } = await startSigned();
  const response = await fetch(file);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.status).toBe(200);
  expect(headersOf(response)).toEqual({
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-store',
    'content-disposition': 'inline; filename="Contratto di locazione.pdf"',
    'content-length': String(bytes.length),
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'content-type': 'application/pdf',
    'cross-origin-resource-policy': 'same-origin',
    etag: expect.stringMatching(/^"0x/),
    'last-modified': expect.stringMatching(/GMT$/),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  const { data } = await run(`{ signatureRequest(id: "${REQUEST}") { documents { downloadUrl } } }`);
  const link = String(data['signatureRequest']?.['documents']?.[0]?.['downloadUrl']);
  expect(bytes.equals(Buffer.from(await (await fetch(link)).arrayBuffer()))).toBe(true);
});

test('a document costs one read of the request and one of the file', async () => {
  const { file, sandbox } = await startSigned();
  sandbox.journal.clear();
  await (await fetch(file)).arrayBuffer();
  expect(sandbox.journal.entries().map(({ operationId }) => operationId)).toEqual([
    'getSignatureRequest',
    'getBlob',
  ]);
});

test('?download makes it an attachment with the title as its file name', async () => {
  const { file } = await startSigned({}, { title: 'Qualità "A"/B: città – 契約.pdf' });
  const response = await fetch(`${file}?download`);
  await response.arrayBuffer();
  expect(response.headers.get('content-disposition')).toBe(
    `attachment; filename="Qualita A B citta _ __.pdf"; filename*=UTF-8''Qualit%C3%A0%20A%20B%20citt%C3%A0%20%E2%80%93%20%E5%A5%91%E7%B4%84.pdf`,
  );
});

test('HEAD has the headers of GET and no body', async () => {
  const { file } = await startSigned();
  const whole = await fetch(file);
  await whole.arrayBuffer();
  const head = await exchange(file, [`HEAD ${PATH} HTTP/1.1`, 'host: localhost']);
  const [top, body] = head.split('\r\n\r\n');
  expect(top).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(top).toMatch(new RegExp(`content-length: ${whole.headers.get('content-length')}`, 'i'));
  expect(body).toBe('');
});

test.each([
  ['bytes=0-4', 206, (size: number) => `bytes 0-4/${size}`, '%PDF-'],
  ['bytes=1-3', 206, (size: number) => `bytes 1-3/${size}`, 'PDF'],
  ['bytes=0-', 206, (size: number) => `bytes 0-${size - 1}/${size}`, undefined],
  ['bytes=-6', 206, (size: number) => `bytes ${size - 6}-${size - 1}/${size}`, undefined],
  ['bytes=0-99999999', 206, (size: number) => `bytes 0-${size - 1}/${size}`, undefined],
  // RFC 9110, section 14.2: unsupported ranges are ignored.
  ['bytes=0-1,3-4', 200, () => null, undefined],
  ['bytes=5-2', 200, () => null, undefined],
  ['bytes=', 200, () => null, undefined],
  ['lines=1-2', 200, () => null, undefined],
])('Range: %s is answered with %i', async (range, status, contentRange, text) => {
  const { file } = await startSigned();
  const whole = Buffer.from(await (await fetch(file)).arrayBuffer());
  const response = await fetch(file, { headers: { range } });
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.status).toBe(status);
  const header = response.headers.get('content-range');
  expect(header).toBe(contentRange(whole.length));
  const [, first, last] = /(\d+)-(\d+)/.exec(header ?? `0-${whole.length - 1}`) ?? [];
  expect(bytes.equals(whole.subarray(Number(first), Number(last) + 1))).toBe(true);
  if (text !== undefined) expect(bytes.toString()).toBe(text);
});

test.each(['bytes=99999999-', 'bytes=-0'])(
  'Range: %s is outside the file and is answered with 416',
  async (range) => {
    const { file } = await startSigned();
    const size = (await (await fetch(file)).arrayBuffer()).byteLength;
    const response = await fetch(file, { headers: { range } });
    expect(response.status).toBe(416);
    expect(await problemOf(response)).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE', status: 416 });
    if (range !== 'bytes=-0' || response.headers.has('content-range'))
      expect(response.headers.get('content-range')).toBe(`bytes */${size}`);
  },
);

test('conditional requests follow RFC 9110', async () => {
  const { file } = await startSigned();
  const first = await fetch(file);
  const size = (await first.arrayBuffer()).byteLength;
  const etag = first.headers.get('etag') ?? '';
  const modified = first.headers.get('last-modified') ?? '';
  const before = new Date(Date.parse(modified) - 1_000).toUTCString();
  const statusOf = async (headers: Record<string, string>, method = 'GET') => {
    const response = await fetch(file, { method, headers });
    const { byteLength } = await response.arrayBuffer();
    return [response.status, response.status < 300 ? byteLength : undefined];
  };
  const cases: readonly (readonly [Record<string, string>, readonly unknown[]])[] = [
    [{ 'if-none-match': etag }, [304, undefined]],
    [{ 'if-none-match': `"other", W/${etag}` }, [304, undefined]],
    [{ 'if-none-match': '*' }, [304, undefined]],
    [{ 'if-none-match': '"other"' }, [200, size]],
    [{ 'if-modified-since': modified }, [304, undefined]],
    [{ 'if-modified-since': before }, [200, size]],
    [{ 'if-none-match': '"other"', 'if-modified-since': modified }, [200, size]],
    [{ 'if-match': etag }, [200, size]],
    [{ 'if-match': '"other"' }, [412, undefined]],
    [{ 'if-unmodified-since': before }, [412, undefined]],
    [{ range: 'bytes=0-4', 'if-range': etag }, [206, 5]],
    [{ range: 'bytes=0-4', 'if-range': '"other"' }, [200, size]],
    [{ range: 'bytes=0-4', 'if-range': `W/${etag}` }, [200, size]],
    [{ range: 'bytes=0-4', 'if-range': modified }, [206, 5]],
    [{ range: 'bytes=0-4', 'if-range': before }, [200, size]],
    [{ range: 'bytes=0-4', 'if-none-match': etag }, [304, undefined]],
  ];
  for (const [headers, expected] of cases)
    expect(await statusOf(headers), JSON.stringify(headers)).toEqual(expected);
  expect(await statusOf({ 'if-none-match': etag }, 'HEAD')).toEqual([304, undefined]);
});

test('unknown documents, unsigned documents and other paths have the same 404', async () => {
  const world = await startSigned();
  const { requests } = await world.sandbox.seed({
    requests: [{ status: 'WAIT_FOR_SIGNATURE' }, { status: 'DRAFT' }],
  });
  const unsigned = requests.map(({ id, documentIds }) => `/documents/${id}/${documentIds[0]}.pdf`);
  const answers = await Promise.all(
    [
      `/documents/${REQUEST}/01KJYMD75KB7D9F1H3K5N7Q9S9.pdf`,
      `/documents/01KJYMD75KB7D9F1H3K5N7Q9S9/${DOCUMENT}.pdf`,
      `/documents/..%2F..%2Fdossiers/${DOCUMENT}.pdf`,
      ...unsigned,
    ].map(async (path) => {
      const response = await fetch(at(world, path), { headers: { 'x-request-id': 'one' } });
      return [response.status, await problemOf(response)];
    }),
  );
  const problem = {
    title: 'Not Found',
    status: 404,
    detail: 'No signed document exists at this URL, or you have no access to it.',
    code: 'NOT_FOUND',
    requestId: 'one',
  };
  expect(answers).toEqual(answers.map(() => [404, problem]));
});

test('a file that the service has deleted is 410', async () => {
  const { file, sandbox } = await startSigned();
  await sandbox.clock.advance(91 * 24 * 60 * 60_000);
  const response = await fetch(file);
  expect([response.status, await problemOf(response)]).toEqual([
    410,
    expect.objectContaining({ title: 'Gone', code: 'FILE_GONE', detail: expect.stringContaining('90 days') }),
  ]);
});

test('other methods are refused', async () => {
  const { file } = await startSigned();
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const response = await fetch(file, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await problemOf(response)).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
  }
});
