import { PDFDocument, PDFSignature, degrees } from 'pdf-lib';
import { describe, expect, test } from 'vitest';
import { signedPdf } from '../../mocks/sandbox/pdf/signed-pdf.ts';
import { makePdf } from '../support/pdf.ts';
import { START, putBlob } from './support-issuer.ts';
import type { issuerOf } from './support-issuer.ts';
import { drawingsOf, signedRequest, waitingRequest } from './support-signing.ts';

const DAY_MS = 24 * 60 * 60_000;
const FIVE_MINUTES_MS = 5 * 60_000;
const NOTICE = [
  'Firma di prova della sandbox Sigillo: NON è una firma elettronica qualificata, non ha valore legale.',
  'Test signature made by the Sigillo sandbox: NOT a qualified electronic signature, of no legal effect.',
];
const MARK = [
  'Firma',
  'FIRMA DI PROVA: NON è qualificata',
  'TEST SIGNATURE: NOT qualified',
  'Sandbox Sigillo',
  START.toISOString(),
];

async function linksOf(issuer: ReturnType<typeof issuerOf>, id: string): Promise<string[]> {
  return (await issuer.read(id)).documents.map(({ url }) => String(url));
}

async function linkOf(issuer: ReturnType<typeof issuerOf>, id: string): Promise<string> {
  const [link = ''] = await linksOf(issuer, id);
  return link;
}

async function refusalOf(url: string, init: RequestInit = {}) {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, code: response.headers.get('x-ms-error-code'), text };
}

describe('the link to a signed file', () => {
  // Conforms (Signature, service): URLs of signed files are read-only and valid for 5 minutes.
  test('returns a PDF named after the document, and allows only reading for 5 minutes', async () => {
    const { issuer, id, sandbox } = await signedRequest();
    const [document] = (await issuer.read(id)).documents;
    const url = new URL(String(document?.['url']));
    expect([url.origin, url.pathname]).toEqual([
      sandbox.origin,
      `/iopitnsignst01/signed-documents/${document?.id}`,
    ]);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      sv: '2026-06-06',
      spr: 'https,http',
      st: '2026-03-05T09:16:17Z',
      se: '2026-03-05T09:21:17Z',
      sr: 'b',
      sp: 'r',
      rsct: 'application/pdf',
      sig: expect.any(String),
    });
    const response = await fetch(url);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/pdf']);
    const file = Buffer.from(await response.arrayBuffer());
    expect(file.subarray(0, 5).toString()).toBe('%PDF-');
    expect((await drawingsOf(file)).at(-1)?.texts).toEqual(expect.arrayContaining(NOTICE));
  });

  // Conforms (Signature, service): Each response has new links.
  test('is new in each response and expires after 5 minutes, but the file stays', async () => {
    const { issuer, id, clock } = await signedRequest();
    const first = await linkOf(issuer, id);
    expect(await linkOf(issuer, id)).toBe(first);
    await clock.advance(FIVE_MINUTES_MS - 1_000);
    expect((await fetch(first)).status).toBe(200);
    const second = await linkOf(issuer, id);
    expect(second).not.toBe(first);
    await clock.advance(1_000);
    const expired = await refusalOf(first);
    expect(expired).toMatchObject({ status: 403, code: 'AuthenticationFailed' });
    expect(expired.text).toContain('Signature not valid in the specified time frame');
    expect((await fetch(second)).status).toBe(200);
  });

  test('does not allow writing, deleting or reading another file', async () => {
    const { issuer, id } = await signedRequest({ documents: [{ title: 'Uno' }, { title: 'Due' }] });
    const [url = '', other = ''] = await linksOf(issuer, id);
    const mismatch = { status: 403, code: 'AuthorizationPermissionMismatch' };
    expect(await refusalOf(url, { method: 'DELETE' })).toMatchObject(mismatch);
    const put = await putBlob(url, await makePdf());
    expect([put.status, put.headers.get('x-ms-error-code')]).toEqual([mismatch.status, mismatch.code]);
    const crossed = new URL(other);
    crossed.search = new URL(url).search;
    expect(await refusalOf(crossed.href)).toMatchObject({ status: 403, code: 'AuthenticationFailed' });
  });

  // Conforms (Signature, service): Files are deleted after 90 days; links to them are still returned and are
  // a 404.
  test('is returned after the file was deleted after 90 days, and is then a 404', async () => {
    const { issuer, id, clock } = await signedRequest();
    const signedAt = clock.now() - 5_000;
    await clock.advance(signedAt + 90 * DAY_MS - 1 - clock.now());
    expect((await fetch(await linkOf(issuer, id))).status).toBe(200);
    await clock.advance(1);
    const url = await linkOf(issuer, id);
    expect(url).toContain('sp=r&');
    expect(await refusalOf(url)).toMatchObject({ status: 404, code: 'BlobNotFound' });
  });
});

// Conforms (Documents, Azure): Until the signature the url cannot be read: 409 PublicAccessNotPermitted.
test('before the signature, and after a failed one, the address is private', async () => {
  const { issuer, id, citizen, clock } = await waitingRequest();
  const before = await linkOf(issuer, id);
  expect(new URL(before).pathname).toContain('/validated-documents/');
  expect(await refusalOf(before)).toMatchObject({ status: 409, code: 'PublicAccessNotPermitted' });
  citizen.sign(id, { outcome: { fails: 'x' } });
  await clock.advance(65_000);
  expect(await linkOf(issuer, id)).toBe(before);
});

test('clauses that are not optional are always signed, optional ones as the citizen agrees', async () => {
  const field = (title: string, type: string, x: number) => ({
    clause: { title, type },
    attrs: { coordinates: { x, y: 100 }, page: 0, size: { w: 90, h: 40 } },
  });
  const signature_fields = [
    field('Contratto', 'REQUIRED', 10),
    field('Vessatorie', 'UNFAIR', 110),
    field('Pubblicità', 'OPTIONAL', 210),
    field('Newsletter', 'OPTIONAL', 310),
  ];
  for (const [clauses, columns] of [
    ['all', [10, 110, 210, 310]],
    ['required', [10, 110]],
    [undefined, [10, 110, 210, 310]],
    [[], [10, 110]],
    [['Newsletter'], [10, 110, 310]],
  ] as const) {
    const { issuer, id, citizen, clock } = await waitingRequest({
      documents: [{ title: 'Contratto', signature_fields }],
    });
    citizen.sign(id, clauses === undefined ? {} : { clauses });
    await clock.advance(65_000);
    const file = await (await fetch(await linkOf(issuer, id))).arrayBuffer();
    const [page] = await drawingsOf(new Uint8Array(file));
    expect(page?.frames.map(([x]) => x)).toEqual(columns);
  }
});

describe('a signed PDF', () => {
  const required = { title: 'Firma', type: 'REQUIRED' } as const;
  const box = (x: number, y: number, w: number, h: number, page = 0) => ({
    clause: required,
    attrs: { coordinates: { x, y }, size: { w, h }, page },
  });
  const now = START.getTime();

  // Conforms (Signature, service): Coordinates are points from the top left of the page, rounded.
  test('has a mark in the box of each field, rounded as the service does', async () => {
    const file = await makePdf({ pages: 2 });
    const fields = [box(85, 676, 177, 77), box(10.4, 20.6, 50.2, 30, 1)];
    const [first, second] = await drawingsOf(await signedPdf(file, fields, now));
    // A4 is 841.89 points high: 841.89 - 676 - 77 = 88.89.
    expect(first?.frames).toEqual([[85, 89, 177, 77]]);
    expect(first?.texts).toEqual(MARK);
    expect(second?.frames).toEqual([[10, 791, 51, 30]]);
    expect(second?.texts).toEqual([...MARK, ...NOTICE]);
  });

  test('has the title of the clause in its mark, in lines and in the characters of the font', async () => {
    const title = 'Clausole ai sensi degli articoli 1341 e 1342 del codice civile → 署名';
    const field = { ...box(85, 600, 177, 77), clause: { title, type: 'UNFAIR' as const } };
    const [page] = await drawingsOf(await signedPdf(await makePdf(), [field], now));
    expect(page?.texts.slice(0, 2)).toEqual([
      'Clausole ai sensi degli articoli 1341 e',
      '1342 del codice civile ? ??',
    ]);
    expect(page?.texts.slice(2)).toEqual([...MARK.slice(1), ...NOTICE]);
  });

  test('ignores the rotation of a page, as the service does', async () => {
    const pdf = await PDFDocument.create();
    pdf.addPage([200, 300]).setRotation(degrees(90));
    const [page] = await drawingsOf(
      await signedPdf(Buffer.from(await pdf.save()), [box(10, 20, 100, 50)], now),
    );
    expect(page?.frames).toEqual([[10, 230, 100, 50]]);
  });

  test('has the mark of a named field in the rectangle of its widget', async () => {
    const pdf = await PDFDocument.load(await makePdf({ pages: 2, signatureFields: ['Firma1'] }));
    const field = pdf.getForm().getField('Firma1');
    expect(field).toBeInstanceOf(PDFSignature);
    field.acroField.getWidgets()[0]?.setRectangle({ x: 30, y: 40, width: 120, height: 50 });
    const fields = [{ clause: required, attrs: { unique_name: 'Firma1' } }];
    const [first, last] = await drawingsOf(await signedPdf(Buffer.from(await pdf.save()), fields, now));
    expect(first).toEqual({ frames: [[30, 40, 120, 50]], texts: MARK });
    expect(last?.texts).toEqual(NOTICE);
  });

  test('without fields has the notice at the foot of the last page alone', async () => {
    const drawings = await drawingsOf(await signedPdf(await makePdf({ pages: 3 }), [], now));
    expect(drawings).toEqual([
      { frames: [], texts: [] },
      { frames: [], texts: [] },
      { frames: [], texts: NOTICE },
    ]);
  });

  test('has the notice even if a box is a point or is outside the page', async () => {
    const fields = [box(0, 0, 0, 0), box(-50, -50, 5, 5)];
    const [page] = await drawingsOf(await signedPdf(await makePdf(), fields, now));
    expect(page?.frames).toEqual([
      [0, 842, 0, 0],
      [-50, 887, 5, 5],
    ]);
    expect(page?.texts).toEqual(NOTICE);
  });

  test('is the same byte for byte at the same time, and names its maker and its time', async () => {
    const file = await makePdf({ padToBytes: 100_000 });
    const once = await signedPdf(file, [box(85, 676, 177, 77)], now);
    expect(once.equals(await signedPdf(file, [box(85, 676, 177, 77)], now))).toBe(true);
    expect(once.equals(await signedPdf(file, [box(85, 676, 177, 77)], now + 1_000))).toBe(false);
    const pdf = await PDFDocument.load(once, { updateMetadata: false });
    expect(pdf.getProducer()).toBe('Sigillo sandbox (test signature, not qualified)');
    // PDF dates have whole seconds.
    expect(pdf.getModificationDate()).toEqual(new Date('2026-03-05T09:14:07.000Z'));
  });

  test('has the notice on a page of its own when its fields cannot be drawn', async () => {
    const drawings = await drawingsOf(await signedPdf(await makePdf(), [box(0, 0, 1, 1, 7)], now));
    expect(drawings).toEqual([
      { frames: [], texts: [] },
      { frames: [], texts: NOTICE },
    ]);
  });

  test('is the validated file when nothing can be drawn at all', async () => {
    const file = Buffer.from('no PDF');
    expect((await signedPdf(file, [], now)).equals(file)).toBe(true);
  });
});
