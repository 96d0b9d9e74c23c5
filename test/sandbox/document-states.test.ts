import { PDFDocument } from 'pdf-lib';
import { describe, expect, test } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { FIELD, issuerOf, START, putBlob, sandboxForTest } from './support-issuer.ts';

const FIVE_SECONDS_MS = 5_000;
const inBox = (x: number, y: number, w: number, h: number, page = 0) => ({
  clause: { title: 'Firma', type: 'REQUIRED' },
  attrs: { coordinates: { x, y }, size: { w, h }, page },
});
const named = (unique_name: string) => ({
  clause: { title: 'Clausola', type: 'UNFAIR' },
  attrs: { unique_name },
});

async function encryptedPdf(): Promise<Buffer<ArrayBuffer>> {
  const pdf = await PDFDocument.create();
  pdf.addPage();
  pdf.context.trailerInfo.Encrypt = pdf.context.obj({ Filter: 'Standard' });
  return Buffer.from(await pdf.save({ useObjectStreams: false }));
}

describe('an uploaded file', () => {
  // Conforms (Documents, service): A PDF that its fields fit becomes READY, at any size; negative
  // coordinates pass.
  test.each([
    ['a PDF with a box inside the page', [FIELD], () => makePdf()],
    ['a box with a negative origin', [inBox(-10, -10, 5, 5)], () => makePdf()],
    [
      'a signature field of that name',
      [named('Signature1')],
      () => makePdf({ signatureFields: ['Signature1'] }),
    ],
    ['a PDF of 2 MiB', [FIELD], () => makePdf({ padToBytes: 2 * 1_024 * 1_024 })],
  ])('is READY: %s', async (_, signature_fields, file) => {
    const issuer = issuerOf(await sandboxForTest());
    const request = await issuer.createRequest([{ title: 'Contratto', signature_fields }]);
    await issuer.upload(request, await file());
    const { documents } = await issuer.until(
      request.id,
      ({ documents: [doc] }) => doc?.status !== 'WAIT_FOR_UPLOAD',
    );
    expect(documents).toMatchObject([{ status: 'READY' }]);
  });

  const pdf = () => makePdf({ textFields: ['Text1'] });
  const doesNotFit = "(Firma) incompatible coordinates: they can't fit in the uploaded document";
  // Conforms (Documents, service): A file that cannot be opened, or that its fields do not fit, is REJECTED
  // with all reasons, in the exact text of the service.
  test.each([
    ['a box that touches the right edge', [inBox(0, 0, 595.28, 10)], pdf, doesNotFit],
    ['a box that touches the lower edge', [inBox(0, 800, 10, 41.89)], pdf, doesNotFit],
    [
      'a page it does not have',
      [inBox(0, 0, 1, 1, 1)],
      pdf,
      '(Firma) incompatible coordinates: unable to find page 1 in the uploaded document',
    ],
    [
      'a fraction of a page',
      [inBox(0, 0, 1, 1, 0.5)],
      pdf,
      '(Firma) incompatible coordinates: unable to find page 0.5 in the uploaded document',
    ],
    [
      'a field it does not have',
      [named('S')],
      pdf,
      '(Clausola) the field "S" was not found is the uploaded document',
    ],
    [
      'a text field of that name, and a box that does not fit',
      [named('Text1'), inBox(0, 0, 1_000, 1)],
      pdf,
      `(Clausola) the field "Text1" was not found is the uploaded document\n${doesNotFit}`,
    ],
    [
      'no PDF',
      [FIELD],
      () => Promise.resolve(Buffer.from('hello')),
      'Failed to parse PDF document (line:0 col:10 offset=5): No PDF header found',
    ],
    [
      'an empty file',
      [FIELD],
      () => Promise.resolve(Buffer.alloc(0)),
      'Failed to parse PDF document (line:0 col:0 offset=0): No PDF header found',
    ],
    [
      'a truncated PDF',
      [FIELD],
      async () => (await makePdf()).subarray(0, 300),
      expect.stringMatching(
        /^Failed to parse PDF document \(line:\d+ col:\d+ offset=\d+\): Failed to parse invalid PDF object$/,
      ),
    ],
    [
      'junk before the header',
      [FIELD],
      async () => Buffer.concat([Buffer.from('\r\n'), await makePdf()]),
      'the uploaded document has an invalid file signature (not a valid PDF)',
    ],
    [
      'an encrypted PDF',
      [FIELD],
      encryptedPdf,
      'Input document to `PDFDocument.load` is encrypted. You can use `PDFDocument.load(..., { ignoreEncryption: true })` if you wish to load the document anyways.',
    ],
  ])('is REJECTED with the reason: %s', async (_, signature_fields, file, reason) => {
    const sandbox = await sandboxForTest();
    const issuer = issuerOf(sandbox);
    const request = await issuer.createRequest([{ title: 'Contratto', signature_fields }]);
    await issuer.upload(request, await file());
    const { documents } = await issuer.until(
      request.id,
      ({ documents: [doc] }) => doc?.status !== 'WAIT_FOR_UPLOAD',
    );
    expect(documents).toMatchObject([
      {
        status: 'REJECTED',
        reject_reason: reason,
        rejected_at: expect.any(String),
        uploaded_at: expect.any(String),
      },
    ]);
    expect(documents[0]).not.toHaveProperty('url');
    expect(sandbox.storedBlobs()).toEqual([]);
    expect(await issuer.setStatus(request.id, 'READY')).toMatchObject({ status: 400 });
  });
});

// Conforms (Documents, service): uploaded_at is the time of the validation, some seconds after the upload.
test('is validated some seconds after the upload, and keeps that time', async () => {
  const sandbox = await sandboxForTest({ frozenAt: START });
  const { clock } = sandbox;
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  await issuer.upload(request, await makePdf());
  await clock.advance(1_000);
  expect((await issuer.read(request.id)).documents[0]?.status).toBe('WAIT_FOR_UPLOAD');
  await clock.advance(FIVE_SECONDS_MS);
  const { documents } = await issuer.read(request.id);
  const validatedAt = new Date(START.getTime() + 3_000).toISOString();
  expect(documents[0]).toMatchObject({ uploaded_at: validatedAt, updated_at: validatedAt });
});

// Conforms (Documents, service): A validated file is moved; its upload URL then answers 404 BlobNotFound, its
// url is private.
test('moves the file: the upload is gone, a copy named after the document stays', async () => {
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  const url = await issuer.uploadUrl(request.id, request.documents[0]?.id ?? '');
  const file = await makePdf();
  await putBlob(url, file);
  const { documents } = await issuer.until(request.id, ({ documents: [doc] }) => doc?.status === 'READY');
  expect(sandbox.storedBlobs()).toEqual([
    expect.objectContaining({ container: 'validated-documents', name: documents[0]?.id, size: file.length }),
  ]);
  const gone = await fetch(url);
  expect([gone.status, gone.headers.get('x-ms-error-code')]).toEqual([404, 'BlobNotFound']);
  const anonymous = await fetch(String(documents[0]?.['url']));
  expect([anonymous.status, anonymous.headers.get('x-ms-error-code')]).toEqual([
    409,
    'PublicAccessNotPermitted',
  ]);
});

// Conforms (Documents, service): Each upload in DRAFT is validated anew, over the same URL too; what was before
// is forgotten.
test('each upload in DRAFT is validated again and replaces the earlier result', async () => {
  const issuer = issuerOf(await sandboxForTest());
  const request = await issuer.createRequest();
  const url = await issuer.uploadUrl(request.id, request.documents[0]?.id ?? '');
  const until = (status: string) =>
    issuer.until(request.id, ({ documents: [doc] }) => doc?.status === status);

  await putBlob(url, Buffer.from('no PDF'));
  await until('REJECTED');
  await putBlob(url, await makePdf());
  const ready = await until('READY');
  expect(Object.keys(ready.documents[0] ?? {}).sort()).toEqual(
    ['created_at', 'id', 'metadata', 'status', 'updated_at', 'uploaded_at', 'url'].sort(),
  );
  await issuer.upload(request, Buffer.from('no PDF'));
  const rejected = await until('REJECTED');
  expect(Object.keys(rejected.documents[0] ?? {}).sort()).toEqual(
    [
      'created_at',
      'id',
      'metadata',
      'reject_reason',
      'rejected_at',
      'status',
      'updated_at',
      'uploaded_at',
    ].sort(),
  );
});

// Conforms (Documents, service): Late files are dropped without a trace: after DRAFT, or when the upload is
// forgotten after 7 days.
test('ignores a file that arrives after DRAFT, and one for an upload of more than 7 days ago', async () => {
  const sandbox = await sandboxForTest({ frozenAt: START });
  const { clock } = sandbox;
  const issuer = issuerOf(sandbox);

  const request = await issuer.createRequest();
  const late = await issuer.uploadUrl(request.id, request.documents[0]?.id ?? '');
  await issuer.upload(request, await makePdf());
  await clock.advance(FIVE_SECONDS_MS);
  const ready = await issuer.until(request.id, ({ documents: [doc] }) => doc?.status === 'READY');
  await issuer.setStatus(request.id, 'READY');
  const validated = sandbox.storedBlobs();
  expect((await putBlob(late, await makePdf({ pages: 2 }))).status).toBe(201);
  // A second file after the late one: when it is validated, the late one was processed.
  const other = await issuer.createRequest();
  await issuer.upload(other, await makePdf());
  await clock.advance(FIVE_SECONDS_MS);
  await issuer.until(other.id, ({ documents: [doc] }) => doc?.status === 'READY');
  expect((await issuer.read(request.id)).documents).toEqual(ready.documents);
  expect(sandbox.storedBlobs()).toEqual(expect.arrayContaining(validated));

  const forgotten = await issuer.createRequest();
  await issuer.upload(forgotten, await makePdf());
  clock.freeze(clock.now() + 8 * 24 * 60 * 60 * 1_000);
  await clock.advance(0);
  expect((await issuer.read(forgotten.id)).documents[0]?.status).toBe('WAIT_FOR_UPLOAD');
});
