import { createHash } from 'node:crypto';
import { PDFDocument, PDFName, PDFString } from 'pdf-lib';
import { describe, expect, test } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { failure, invalid, shown, success } from './support-answers.ts';
import { FIELD, issuerOf, sandboxForTest } from './support-issuer.ts';

/** A PDF of the given objects, numbered from 1; the first is the catalog. */
function pdfOf(...objects: readonly string[]): Buffer<ArrayBuffer> {
  const body = objects.map((object, index) => `${index + 1} 0 obj\n${object}\nendobj\n`).join('');
  return Buffer.from(`%PDF-1.7\n${body}trailer\n<</Root 1 0 R/Size ${objects.length + 1}>>\n%%EOF`, 'latin1');
}

const CATALOG = '<</Type/Catalog/Pages 2 0 R>>';
const PAGES = '<</Type/Pages/Count 1/Kids[3 0 R]>>';
const page = (mediaBox: string) => pdfOf(CATALOG, PAGES, `<</Type/Page/Parent 2 0 R/MediaBox${mediaBox}>>`);
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** A PDF whose form has one valid signature field, S, and an invalid one. */
async function withForm(change: (pdf: PDFDocument) => void): Promise<Buffer<ArrayBuffer>> {
  const pdf = await PDFDocument.load(await makePdf({ signatureFields: ['S'] }));
  change(pdf);
  return Buffer.from(await pdf.save({ updateFieldAppearances: false }));
}

/** The answer of validate-document for a file, and the status of the file as the document of a request. */
async function judge(file: Buffer<ArrayBuffer>, fields: readonly unknown[] = []) {
  const issuer = issuerOf(await sandboxForTest());
  const request = await issuer.createRequest([{ title: 'Contratto', signature_fields: fields }]);
  await issuer.upload(request, file);
  const answer = await issuer.call('POST', '/validate-document', formOf(file, fields));
  const { documents } = await issuer.until(
    request.id,
    (now) => now.documents[0]?.status !== 'WAIT_FOR_UPLOAD',
  );
  return { answer: shown(answer), document: documents[0] };
}

function formOf(file: Buffer<ArrayBuffer>, fields: readonly unknown[] = []): FormData {
  const form = new FormData();
  form.append('document', new Blob([file], { type: 'application/pdf' }), 'a.pdf');
  form.append('fields', new Blob([JSON.stringify(fields)], { type: 'application/json' }), 'f.json');
  return form;
}

const NAMED = { clause: { title: 'Firma del contratto', type: 'REQUIRED' }, attrs: { unique_name: 'S' } };

describe('a form that pdf-lib cannot read', () => {
  const kinds = {
    'a field with a dangling reference': (pdf: PDFDocument) =>
      pdf.getForm().acroForm.addField(pdf.context.nextRef()),
    'a field without a type': (pdf: PDFDocument) =>
      pdf.getForm().acroForm.addField(pdf.context.register(pdf.context.obj({ T: PDFString.of('X') }))),
    'a field that is a number': (pdf: PDFDocument) =>
      pdf.getForm().acroForm.addField(pdf.context.register(pdf.context.obj(7))),
    'fields that are a number': (pdf: PDFDocument) =>
      pdf.getForm().acroForm.dict.set(PDFName.of('Fields'), pdf.context.obj(7)),
    'a form that is a number': (pdf: PDFDocument) =>
      pdf.catalog.set(PDFName.of('AcroForm'), pdf.context.obj(7)),
  };

  // Conforms (validate-document, service): A form that pdf-lib cannot read is one without fields.
  test.each(Object.entries(kinds))('does not matter without named fields: %s', async (_, change) => {
    const file = await withForm(change);
    const { answer, document } = await judge(file, [FIELD]);
    expect(answer).toEqual(success(200, { is_valid: true }));
    expect(document).toMatchObject({ status: 'READY' });
  });

  test.each(Object.entries(kinds))('hides its valid fields too: %s', async (_, change) => {
    const file = await withForm(change);
    const problem = '(Firma del contratto) the field "S" was not found is the uploaded document';
    const { answer, document } = await judge(file, [NAMED]);
    expect(answer).toEqual(success(200, { is_valid: false, violations: [problem] }));
    expect(document).toMatchObject({ status: 'REJECTED', reject_reason: problem });
  });
});

// Conforms (validate-document, service): A PDF that pdf-lib fails on is a 500 with the class of what it threw.
// Conforms (Documents, service): A PDF that pdf-lib fails on is rejected in its words, on the way that the service
// takes through the file.
test.each([
  ['a file that is not a PDF', 'Error', /: No PDF header found$/, Buffer.from('no PDF')],
  ['nothing', 'Error', /: No PDF header found$/, Buffer.alloc(0)],
  [
    'only a header',
    'TypeError',
    "Cannot read properties of undefined (reading 'Pages')",
    Buffer.from('%PDF-1.7\n'),
  ],
  ['no catalog', 'TypeError', "Cannot read properties of undefined (reading 'Pages')", pdfOf()],
  ['an invalid catalog', 'TypeError', /catalog\.Pages is not a function$/, pdfOf('[]')],
  ['a catalog that is broken', 'TypeError', /catalog\.Pages is not a function$/, pdfOf(nested(10_000))],
  [
    'no pages',
    'Error',
    'Expected instance of PDFDict, but got instance of undefined',
    pdfOf('<</Type/Catalog>>'),
  ],
  [
    'pages that hold themselves',
    'RangeError',
    /^Maximum call stack/,
    pdfOf(CATALOG, '<</Type/Pages/Kids[2 0 R]>>'),
  ],
  [
    'pages below themselves',
    'RangeError',
    /^Maximum call stack/,
    pdfOf(CATALOG, '<</Type/Pages/Count 1/Kids[3 0 R]/Parent 2 0 R>>', '<</Type/Page/Parent 2 0 R>>'),
  ],
  [
    'a trailer that is nested too deeply',
    'RangeError',
    /^Maximum call stack/,
    Buffer.from(
      page('[0 0 9 9]')
        .toString('latin1')
        .replace('/Size', `/X ${nested(50_000)}/Size`),
      'latin1',
    ),
  ],
  [
    'a page without a size',
    'Error',
    /^Expected instance of PDFArray/,
    pdfOf(CATALOG, PAGES, '<</Type/Page>>'),
  ],
  ['a page size of three numbers', 'Error', /^Attempted to convert PDFArray with 3/, page('[0 0 595]')],
])('a PDF with %s is a 500, %s', async (_, errorClass, reason, file) => {
  const { answer, document } = await judge(file);
  expect(answer).toEqual(failure(errorClass));
  expect(document).toMatchObject({
    status: 'REJECTED',
    reject_reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
  });
});

// Conforms (validate-document, service): A page written from its upper right to its lower left has a negative size:
// 422, and after an upload REJECTED.
test.each([
  ['[595 842 0 0]', ['-595', '-842']],
  ['[0 842 595 0]', ['-842']],
  ['[595 0 0 842]', ['-595']],
])('a page of the size %s is refused', async (mediaBox, sizes) => {
  const metadata =
    '{ pages: Array<{ number: number >= 0, width: number >= 0, height: number >= 0 }>, formFields: Array<{ type: "PDFSignature", name: string }> }';
  const onPage = `${metadata}/pages: Array<{ number: number >= 0, width: number >= 0, height: number >= 0 }>/0: { number: number >= 0, width: number >= 0, height: number >= 0 }`;
  const violations = sizes.map((size) => {
    const side = size === '-595' ? 'width' : 'height';
    return `Invalid value ${size} supplied to : ${onPage}/${side}: number >= 0`;
  });
  const { answer, document } = await judge(page(mediaBox));
  expect(answer).toEqual(invalid(violations));
  expect(document).toMatchObject({
    status: 'REJECTED',
    reject_reason: 'Failed to extract metadata from pdf file!',
  });
});

// Conforms (Documents, service): A reject reason has one line for each problem.
test('rejects an upload with a line for each field that does not fit', async () => {
  const tooFar = { ...FIELD, attrs: { ...FIELD.attrs, page: 3 } };
  const { document } = await judge(await makePdf(), [NAMED, tooFar]);
  expect(document).toMatchObject({
    status: 'REJECTED',
    reject_reason: [
      '(Firma del contratto) the field "S" was not found is the uploaded document',
      '(Firma del contratto) incompatible coordinates: unable to find page 3 in the uploaded document',
    ].join('\n'),
  });
});

test('a file that takes long to read blocks neither other calls nor the shutdown of its sandbox', async () => {
  // Takes pdf-lib about eight seconds on an idle machine, after which the test would fail.
  // The same bytes in each run: some others are refused at once.
  const noise = createHash('shake256', { outputLength: 3 * 1_048_576 })
    .update('noise')
    .digest();
  const file = Buffer.concat([Buffer.from('%PDF-1.7\n'), noise]);
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  await issuer.upload(request, file);
  let isAnswered = false;
  const ended = issuer.call('POST', '/validate-document', formOf(file)).then(
    () => (isAnswered = true),
    () => 'cut off',
  );
  const other = await issuer.createReadyToSend();
  expect(await issuer.read(other.id)).toMatchObject({ documents: [{ status: 'READY' }] });
  expect(isAnswered).toBe(false);
  // Throws if there was a bug or a contract violation.
  await sandbox.close();
  expect(await ended).toBe('cut off');
});
