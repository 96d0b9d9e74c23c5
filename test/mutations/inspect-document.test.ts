import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PDFDict, PDFDocument, PDFName, PDFString } from 'pdf-lib';
import { expect, test } from 'vitest';
import { anchoredDocuments } from '../support/anchored-documents.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { GatewayOverrides } from '../support/gateway-options.ts';

const INSPECT = mutationOf(
  'inspectDocument',
  `sizeBytes sha256 isEncrypted isSigned pages { index width height rotation } signatureFields { name page isSigned box { x y width height } }
   anchors { text matchCount nearest matches { page textBox { x y width height } fieldBox { page x y width height } } }
   problems { path severity message }`,
);

async function inspect(pdf: Uint8Array<ArrayBuffer>, input: object = {}, overrides: GatewayOverrides = {}) {
  const { sandbox, upload } = await startGateway(overrides);
  const { data, errors } = await upload(INSPECT, { input: { file: null, ...input } }, pdf);
  expect(errors).toBeUndefined();
  expect(sandbox.journal.entries()).toEqual([]);
  return data['inspectDocument'];
}

const CONTRACT = new Uint8Array(readFileSync('examples/contratto.pdf'));

test('reports the pages, the size and the digest of a PDF without an upstream call', async () => {
  const pdf = await makePdf({ pages: 2, signatureFields: ['Firma1'], textFields: ['Nome'] });
  expect(await inspect(pdf)).toEqual({
    __typename: 'InspectDocumentPayload',
    sizeBytes: pdf.length,
    sha256: createHash('sha256').update(pdf).digest('hex'),
    isEncrypted: false,
    isSigned: false,
    pages: [0, 1].map((index) => ({ index, width: 595.28, height: 841.89, rotation: 0 })),
    signatureFields: [expect.objectContaining({ name: 'Firma1', page: 0, isSigned: false })],
    anchors: [],
    problems: [],
  });
});

test('finds the text of an anchor and the box that a field gets', async () => {
  const anchors = [{ text: 'Firma', align: 'BELOW', width: 100, height: 50 }, { text: 'collaborazione' }];
  const result = await inspect(CONTRACT, { anchors });
  expect(result).toMatchObject({
    anchors: [{ matchCount: 1, nearest: null }, { matchCount: 2 }],
    problems: [],
  });
  const match = result?.['anchors']?.[0]?.['matches']?.[0];
  expect(match).toMatchObject({ page: 0, fieldBox: { page: 0, x: 85, width: 100, height: 50 } });
});

test('says of nested fields their complete name, their box and whether they are signed', async () => {
  const pdf = await PDFDocument.load(await makePdf({ signatureFields: ['cliente', 'fornitore'] }));
  const { context } = pdf;
  const kids = pdf.getForm().acroForm.Fields()?.asArray() ?? [];
  const parent = context.register(context.obj({ T: PDFString.of('modulo'), Kids: kids }));
  pdf.getForm().acroForm.dict.set(PDFName.of('Fields'), context.obj([parent]));
  for (const kid of kids) context.lookup(kid, PDFDict).set(PDFName.of('Parent'), parent);
  const [, signed] = kids.map((kid) => context.lookup(kid, PDFDict));
  signed?.set(PDFName.of('Rect'), context.obj([100, 200, 277, 300]));
  signed?.set(PDFName.of('V'), context.obj({ Type: 'Sig', Filter: 'Adobe.PPKLite' }));
  const { signatureFields, isSigned } = (await inspect(Buffer.from(await pdf.save()))) ?? {};
  expect(signatureFields).toEqual([
    { name: 'modulo.cliente', page: 0, isSigned: false, box: { x: 0, y: 841.89, width: 0, height: 0 } },
    {
      name: 'modulo.fornitore',
      page: 0,
      isSigned: true,
      box: { x: 100, y: 541.89, width: 177, height: 100 },
    },
  ]);
  expect(isSigned).toBe(true);
});

test('says that a PDF is encrypted', async () => {
  expect(await inspect(Buffer.from(readFileSync('test/support/encrypted.pdf')))).toMatchObject({
    isEncrypted: true,
    pages: [],
    problems: [{ path: ['file'], severity: 'ERROR', message: expect.stringContaining('is encrypted') }],
  });
});

test('each problem has the path of the input that it comes from', async () => {
  const clause = { title: 'Firma del contratto', type: 'REQUIRED' };
  const box = { page: 0, x: 500, y: 0, width: 177, height: 77 };
  const positions = [
    { box },
    { box: { ...box, page: 9 } },
    { uniqueName: 'Assente' },
    { anchor: { text: 'Firma' } },
  ];
  const { problems } =
    (await inspect(CONTRACT, {
      anchors: [{ text: 'Firma' }, { text: 'Firma', occurrence: 2 }, { text: 'Firma', offsetX: 500 }],
      fields: [...positions, { anchor: { text: 'Assente' } }].map((position) => ({ clause, position })),
    })) ?? {};
  const error = (path: string, message: string) => ({
    path: path.split('.'),
    severity: 'ERROR',
    message: expect.stringContaining(message),
  });
  expect(problems).toEqual([
    error('anchors.1', 'was found once, but its occurrence is 2'),
    error('anchors.2', 'points at its right edge'),
    error('fields.0.position.box', "they can't fit in the uploaded document"),
    error('fields.1.position.box', 'unable to find page 9 in the uploaded document'),
    error('fields.2.position.uniqueName', 'the field "Assente" was not found is the uploaded document'),
    error('fields.4.position.anchor', 'was found 0 times, but its occurrence is 1'),
  ]);
});

/** What the service ignores of the documents whose name contains this. */
const IGNORED = [
  [/rotated by (?!the)|by rotation|upside down/, 'rotated. The service ignores this', /^text rotated/],
  [/MediaBox from/, 'with a MediaBox that does not begin at 0'],
  [/^CropBox(?! larger)/, 'with a CropBox that is smaller'],
  [/UserUnit/, 'with a UserUnit'],
] as const;

test('what the service ignores of a page is a warning, and nothing else is', async () => {
  const { upload } = await startGateway();
  for (const [name, { make }] of Object.entries(anchoredDocuments)) {
    const { data } = await upload(INSPECT, { input: { file: null } }, await make());
    const expected = IGNORED.filter(([is, , isNot]) => is.test(name) && isNot?.test(name) !== true);
    expect.soft(data['inspectDocument']?.['problems'], name).toEqual(
      expected.map(([, message]) => ({
        path: ['file'],
        severity: 'WARNING',
        message: expect.stringMatching(`${message}.*Pages: 0\\.$`),
      })),
    );
  }
});

test('the size and the rotation of a page are those that the service uses, and those that the reader sees', async () => {
  const document = anchoredDocuments['MediaBox from (30, 40), rotated by 90'];
  expect(await inspect((await document?.make()) ?? Buffer.alloc(0))).toMatchObject({
    pages: [
      { index: 0, width: 595.28, height: 841.89, rotation: 90 },
      { index: 1, width: 200, height: 200, rotation: 0 },
    ],
  });
});

test('a text is found by its case and its spaces, on one line, in the visible part of the page', async () => {
  const pdf = await PDFDocument.create();
  const page = pdf.addPage([595.28, 841.89]);
  const texts = [
    ['Il cliente firma', 60, 700],
    ['qui sotto', 60, 686],
    ['IlFornitore', 60, 600],
    ['colonna', 400, 700],
    ['invisibile', 60, 30],
  ] as const;
  for (const [text, x, y] of texts) page.drawText(text, { x, y, size: 11 });
  page.setCropBox(50, 100, 500, 700);
  const asked = {
    'Il cliente': 1,
    'Il   cliente': 1,
    'il cliente': 0,
    Ilcliente: 0,
    IlFornitore: 1,
    'Il Fornitore': 0,
    // On the next line, in another column, and outside the CropBox.
    'firma qui': 0,
    'firma colonna': 0,
    invisibile: 0,
  };
  const { anchors } =
    (await inspect(Buffer.from(await pdf.save()), {
      anchors: Object.keys(asked).map((text) => ({ text })),
    })) ?? {};
  const found = anchors as unknown as { text: string; matchCount: number }[];
  expect(Object.fromEntries(found.map(({ text, matchCount }) => [text, matchCount]))).toEqual(asked);
});
