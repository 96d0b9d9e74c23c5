import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { deflateSync } from 'node:zlib';
import { PDFDocument, PDFName, PDFString } from 'pdf-lib';
import { expect, onTestFinished, test } from 'vitest';
import { Inspector, UninspectableError } from '../../../src/inspection/inspector.ts';
import type { InspectionLimits } from '../../../src/inspection/inspector.ts';
import { anchoredDocuments, TAG } from '../../support/anchored-documents.ts';
import { greedyPdf, makePdf } from '../../support/pdf.ts';

const MEBIBYTE = 1024 * 1024;

function inspectorForTest(limits: Partial<InspectionLimits> = {}): Inspector {
  const inspector = new Inspector({ maxBytes: 16 * MEBIBYTE, maxWorkMs: 60_000, threads: 1, ...limits });
  onTestFinished(() => inspector.close());
  return inspector;
}

const query = (text: string, page?: number) => ({ text, page });

/** A page whose content is a stream of this many bytes, which takes almost no space in the file. */
async function pdfOf(content: string): Promise<Buffer> {
  const pdf = await PDFDocument.create();
  const page = pdf.addPage();
  // The deflate of pdf-lib takes ten times as long.
  const stream = pdf.context.stream(deflateSync(content, { level: 1 }), { Filter: 'FlateDecode' });
  page.node.set(PDFName.of('Contents'), pdf.context.register(stream));
  return Buffer.from(await pdf.save());
}

/** A short limit of time may end this work as well, on a busy machine. */
async function expectSound(inspector: Inspector): Promise<void> {
  const file = await makePdf({ pages: 2 });
  const inspect = () => inspector.inspect([file], []).catch((error: unknown) => error);
  await expect.poll(inspect).toMatchObject({ kind: 'read', pages: [{ width: 595.28 }, {}] });
}

test('reads a PDF in pieces', async () => {
  const inspector = inspectorForTest();
  const pdf = await makePdf({ pages: 3, signatureFields: ['Firma1'] });
  const pieces = [pdf.subarray(0, 100), pdf.subarray(100, 101), pdf.subarray(101)];
  expect(await inspector.inspect(pieces, [])).toMatchObject({
    pages: [{}, {}, {}],
    signatureFields: [{ name: 'Firma1', place: { page: 0 }, isSigned: false }],
  });
});

test('ends a thread that works longer than its limit, and reads the next file', async () => {
  const inspector = inspectorForTest({ maxWorkMs: 1_000 });
  const endless = await pdfOf('BT /F1 1 Tf (x) Tj ET '.repeat(3_000_000));
  await expect(inspector.inspect([endless], [query('x')])).rejects.toThrow(UninspectableError);
  await expectSound(inspector);
});

test('ends a thread whose unpacked streams exceed the memory, and reads the next file', async () => {
  const inspector = inspectorForTest({ maxWorkMs: 600_000 });
  const bomb = await pdfOf(' '.repeat(300 * MEBIBYTE));
  expect(bomb.length).toBeLessThan(2 * MEBIBYTE);
  await expect(inspector.inspect([bomb], [query('x')])).rejects.toThrow(UninspectableError);
  await expectSound(inspector);
}, 600_000);

test('ends a thread whose objects exceed the memory long before its time, and reads the next file', async () => {
  const inspector = inspectorForTest({ maxWorkMs: 600_000 });
  await expect(inspector.inspect([greedyPdf], [])).rejects.toThrow(UninspectableError);
  await expectSound(inspector);
});

test('reads a file for which its thread has no memory left by the files before', async () => {
  const inspector = inspectorForTest({ maxWorkMs: 600_000 });
  for (let nth = 0; nth < 4; nth += 1) {
    const numbers = Array.from({ length: 400_000 }, (_, index) => `${1_000_000 * (nth + 1) + index} 0 R`);
    const file = await makePdf({ pages: 1 });
    const references = Buffer.from(`900 0 obj\n[${numbers.join(' ')}]\nendobj\n`);
    const header = file.indexOf('\n') + 1;
    const filling = [file.subarray(0, header), references, file.subarray(header)];
    expect(await inspector.inspect(filling, [])).toMatchObject({ kind: 'read' });
  }
}, 600_000);

test('refuses nested objects that overflow the stack, as the service does', async () => {
  const inspector = inspectorForTest();
  const nested = Buffer.from(`%PDF-1.7\n1 0 obj\n${'['.repeat(200_000)}${']'.repeat(200_000)}\nendobj\n`);
  const [, small] = [nested, Buffer.from('%PDF-1.7\n1 0 obj\n[[]]\nendobj\n')];
  for (const file of [nested, small])
    expect(await inspector.inspect([file], [])).toMatchObject({ kind: 'unreadable' });
  await expectSound(inspector);
});

test('refuses more pages than it reads', async () => {
  const inspector = inspectorForTest();
  const pdf = await makePdf({ pages: 2_001 });
  await expect(inspector.inspect([pdf], [])).rejects.toMatchObject({
    cause: { message: 'The PDF has more than 2000 pages.' },
  });
  await expectSound(inspector);
});

test('refuses more objects than it reads', async () => {
  const inspector = inspectorForTest();
  const pdf = await PDFDocument.create();
  pdf.addPage();
  const count = 500_001;
  const places = Array.from({ length: count }, (_, index) => `${index + 10} ${2 * index}`).join(' ');
  const content = deflateSync(`${places} ${'0 '.repeat(count)}`);
  const dict = { Type: 'ObjStm', N: count, First: places.length + 1, Filter: 'FlateDecode' };
  pdf.context.register(pdf.context.stream(content, dict));
  const file = await pdf.save({ useObjectStreams: false });
  await expect(inspector.inspect([file], [])).rejects.toMatchObject({
    cause: { message: 'The PDF has more than 500000 objects.' },
  });
  await expectSound(inspector);
});

test('runs no script, and loads no font, character map or stream from outside', async () => {
  let connections = 0;
  const server = createServer(() => (connections += 1)).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  // A server that listens on TCP has an address of this form.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
  const pdf = await PDFDocument.create();
  const { context } = pdf;
  const F = PDFString.of(url);
  const external = context.register(
    context.stream('', { F, Type: 'XObject', Subtype: 'Form', BBox: [0, 0, 9, 9] }),
  );
  const descriptor = { Type: 'FontDescriptor', FontName: 'Outside', Flags: 32, FontFile2: external };
  const descendant = {
    Type: 'Font',
    Subtype: 'CIDFontType2',
    BaseFont: 'Outside',
    FontDescriptor: descriptor,
  };
  const page = pdf.addPage();
  const fonts = {
    F1: { Type: 'Font', Subtype: 'Type1', BaseFont: 'Helvetica' },
    F2: { Type: 'Font', Subtype: 'TrueType', BaseFont: 'Outside', FontDescriptor: descriptor },
    F3: { Type: 'Font', Subtype: 'Type0', BaseFont: url, Encoding: url, DescendantFonts: [descendant] },
  };
  page.node.set(PDFName.of('Resources'), context.obj({ Font: fonts, XObject: { X1: external } }));
  const content = ['F3', 'F2', 'F1'].map(
    (font, line) => `BT /${font} 11 Tf 50 ${99 * line + 99} Td (Firma) Tj ET`,
  );
  const stream = context.stream(`/X1 Do ${content.join(' ')}`);
  page.node.set(PDFName.of('Contents'), context.register(stream));
  const script = { S: 'JavaScript', JS: PDFString.of(`app.launchURL("${url}"); fetch("${url}")`) };
  pdf.catalog.set(PDFName.of('OpenAction'), context.obj(script));
  const found = await inspectorForTest().inspect([await pdf.save()], [query('Firma')]);
  expect(found).toMatchObject({ kind: 'read', unreadPages: [] });
  expect(found).toMatchObject({ texts: [{ matches: expect.arrayContaining([expect.anything()]) }] });
  expect(connections).toBe(0);
});

test('ends the work for a caller that leaves, and rejects with the reason', async () => {
  const inspector = inspectorForTest();
  const leaver = new AbortController();
  const endless = await pdfOf('BT /F1 1 Tf (x) Tj ET '.repeat(3_000_000));
  const left = inspector.inspect([endless], [query('x')], { signal: leaver.signal });
  leaver.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  await expectSound(inspector);
});

test('reports how long the first file has been waiting for a thread', async () => {
  const inspector = inspectorForTest({ maxWorkMs: 1_000 });
  expect(inspector.oldestMs).toBe(0);
  const endless = await pdfOf('BT /F1 1 Tf (x) Tj ET '.repeat(3_000_000));
  const outcomes = Promise.allSettled([1, 2].map(() => inspector.inspect([endless], [query('x')])));
  await expect.poll(() => inspector.oldestMs).toBeGreaterThan(500);
  await outcomes;
  expect(inspector.oldestMs).toBe(0);
});

test('says that a PDF is encrypted, with the reason of the service', async () => {
  const inspector = inspectorForTest();
  expect(await inspector.inspect([readFileSync('test/support/encrypted.pdf')], [])).toEqual({
    kind: 'encrypted',
    reason: expect.stringContaining('is encrypted'),
  });
});

test('inspects nothing after it is closed', async () => {
  const inspector = inspectorForTest();
  await expectSound(inspector);
  await inspector.close();
  await expect(inspector.inspect([await makePdf()], [])).rejects.toThrow(UninspectableError);
});

test('finds the text of every anchored document once, on its page alone', async () => {
  const inspector = inspectorForTest();
  for (const [name, { make, anchor = TAG }] of Object.entries(anchoredDocuments)) {
    const texts = [query(anchor), query(anchor, 0), query(anchor, 1)];
    expect.soft(await inspector.inspect([await make()], texts), name).toMatchObject({
      texts: [{ count: 1 }, { count: 1 }, { count: 0 }],
      unreadPages: [],
    });
  }
});

const PRODUCERS = 'test/support/producers';
const TEXTS = ['affidamento efficace', 'Località è perché', 'חתימת הלקוח', '署名欄'];
/** The texts that the sources of the files have, and how many of them: the last ones need fonts that some programs do not embed. */
const FOUND: Readonly<Record<string, readonly number[]>> = {
  'chromium.pdf': [1, 1, 1, 1],
  'ghostscript.pdf': [1, 0, 0, 0],
  'groff.pdf': [1, 0, 0, 0],
  'libreoffice.pdf': [1, 1, 1, 1],
  'pdftex.pdf': [1, 1, 0, 0],
  'qpdf.pdf': [1, 1, 1, 1],
  'reportlab.pdf': [1, 1, 0, 0],
  // It maps all characters of a Hebrew word to the first glyph.
  'weasyprint.pdf': [1, 1, 0, 1],
};

test('finds ligatures, accents, Hebrew and Japanese in PDFs of other programs', async () => {
  const inspector = inspectorForTest();
  const files = readdirSync(PRODUCERS).filter((name) => name.endsWith('.pdf'));
  expect(files).toEqual(Object.keys(FOUND));
  for (const name of files) {
    const file = readFileSync(`${PRODUCERS}/${name}`);
    const found = await inspector.inspect(
      [file],
      TEXTS.map((text) => query(text)),
    );
    if (found.kind !== 'read') throw new Error(`${name} was not read`);
    expect(
      found.texts.map(({ count }) => count),
      name,
    ).toEqual(FOUND[name]);
  }
});
