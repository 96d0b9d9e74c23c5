import * as fc from 'fast-check';
import { degrees, PDFDocument, PDFName } from 'pdf-lib';
import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { readPdf } from '../../mocks/sandbox/pdf/read-pdf.ts';
import { rejectReasonOf, verdictOn } from '../../mocks/sandbox/pdf/pdf.ts';
import { wireFieldOf } from '../../src/resolvers/shared/document-input.ts';
import type { SignatureFieldInput } from '../../src/resolvers/shared/document-input.ts';
import { addSignatureField } from '../../mocks/sandbox/model/signature-field.ts';
import { mutationOf } from '../support/operations.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { Json } from '../support/start-gateway.ts';

const INSPECT = mutationOf('inspectDocument', 'isEncrypted problems { path severity message }');
const VALIDATE = mutationOf('validateDocument', 'isValid violations');
const NAMES = ['Firma1', 'Firma2', 'modulo.firma'];

const pdfs = fc.record({
  pages: fc.array(
    fc.record({
      box: fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 })),
      width: fc.constantFrom(200, 595.28, 612, 841.89),
      height: fc.constantFrom(200, 841.89, 792, 595.28),
      rotation: fc.constantFrom(0, 0, 90, 180, 270),
      isReversed: fc.constantFrom(false, false, false, false, false, false, true),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  fields: fc.subarray(NAMES.slice(0, 2)),
  damage: fc.constantFrom('none', 'none', 'none', 'none', 'cut', 'junk before', 'encrypted'),
});

const boxes = fc.record({
  page: fc.integer({ min: 0, max: 4 }),
  x: fc.constantFrom(0, 20.5, 200, 418.28, 550, -30),
  y: fc.constantFrom(0, 100, 764.88, 764.89, 764.9, -10),
  width: fc.constantFrom(0, 100, 177),
  height: fc.constantFrom(0, 50, 77),
});
const fields: fc.Arbitrary<SignatureFieldInput[]> = fc.array(
  fc.record({
    clause: fc.record({
      title: fc.constantFrom('Firma del contratto', 'Clausole'),
      type: fc.constant('REQUIRED'),
    }),
    position: fc.oneof(
      boxes.map((box) => ({ box })),
      fc.constantFrom(...NAMES).map((uniqueName) => ({ uniqueName })),
    ),
  }),
  { maxLength: 3 },
);

const PAGE = {
  box: [0, 0],
  width: 200,
  height: 200,
  rotation: 0,
  isReversed: false,
} satisfies Pdf['pages'][number];
const CUT: Pdf = { pages: [PAGE], fields: [], damage: 'cut' };
const REVERSED: Pdf = { pages: [{ ...PAGE, isReversed: true }], fields: [], damage: 'none' };

type Pdf = typeof pdfs extends fc.Arbitrary<infer T> ? T : never;

async function fileOf({ pages, fields: names, damage }: Pdf): Promise<Buffer<ArrayBuffer>> {
  if (damage === 'encrypted') return Buffer.from(readFileSync('test/support/encrypted.pdf'));
  const pdf = await PDFDocument.create();
  for (const {
    box: [x, y],
    width,
    height,
    rotation,
    isReversed,
  } of pages) {
    const page = pdf.addPage([width, height]);
    page.setRotation(degrees(rotation));
    const corners = [x, y, x + width, y + height];
    const mediaBox = isReversed ? [...corners.slice(2), ...corners.slice(0, 2)] : corners;
    page.node.set(PDFName.of('MediaBox'), pdf.context.obj(mediaBox));
  }
  for (const name of names) addSignatureField(pdf, name);
  const file = Buffer.from(await pdf.save());
  if (damage === 'cut') return file.subarray(0, file.length / 3);
  return damage === 'junk before' ? Buffer.concat([Buffer.from('%PDF-junk\n'), file]) : file;
}

test('inspectDocument, validateDocument and the verdict on an upload never contradict one another', async () => {
  // pdf-lib warns about objects that are cut off.
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { upload } = await startGateway();
  const ask = async (
    query: string,
    name: string,
    file: Buffer<ArrayBuffer>,
    input: object,
  ): Promise<Json | undefined> => {
    const { data } = await upload(query, { input: { file: null, ...input } }, file);
    return data[name];
  };
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(pdfs, fields, async (pdf, asked) => {
      const file = await fileOf(pdf);
      const [inspected, validated] = await Promise.all([
        ask(INSPECT, 'inspectDocument', file, { fields: asked }),
        ask(VALIDATE, 'validateDocument', file, { fields: asked }),
      ]);
      const problems = (inspected?.['problems'] ?? []) as unknown as { severity: string; message: string }[];
      const errors = problems.filter(({ severity }) => severity === 'ERROR').map(({ message }) => message);
      const rejectReason = rejectReasonOf(verdictOn(file, await readPdf(file), asked.map(wireFieldOf)));
      kinds.add(String(validated?.['__typename']));
      switch (String(validated?.['__typename'])) {
        case 'ValidateDocumentPayload':
          expect(inspected).toMatchObject({ __typename: 'InspectDocumentPayload', isEncrypted: false });
          expect(errors).toEqual(validated?.['violations']);
          expect(rejectReason).toBe(errors.length === 0 ? undefined : errors.join('\n'));
          break;
        case 'UnreadablePdfError':
          expect(rejectReason).toBeDefined();
          if (String(inspected?.['__typename']) === 'UnreadablePdfError') break;
          expect(inspected).toMatchObject({ isEncrypted: true });
          expect(errors).toEqual([rejectReason]);
          break;
        default:
          // The service cannot store the size of a page.
          expect(validated).toMatchObject({ __typename: 'InvalidInputError' });
          expect(errors).toEqual([rejectReason]);
      }
    }),
    {
      numRuns: 80,
      examples: [
        [CUT, []],
        [REVERSED, []],
      ],
    },
  );
  expect([...kinds].toSorted()).toEqual([
    'InvalidInputError',
    'UnreadablePdfError',
    'ValidateDocumentPayload',
  ]);
});
