import * as fc from 'fast-check';
import { degrees, PDFDocument, PDFName } from 'pdf-lib';
import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { readPdf } from '../../mocks/sandbox/pdf/read-pdf.ts';
import { rejectReasonOf, verdictOn } from '../../mocks/sandbox/pdf/pdf.ts';
import { wireFieldOf } from '../../src/resolvers/shared/document-input.ts';
import type {
  AnchorInput,
  BoxInput,
  SignatureFieldInput,
} from '../../src/resolvers/shared/document-input.ts';
import { addSignatureField } from '../../mocks/sandbox/model/signature-field.ts';
import { mutationOf } from '../support/operations.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { Json } from '../support/start-gateway.ts';

const INSPECT = mutationOf(
  'inspectDocument',
  'isEncrypted anchors { matches { fieldBox { page x y width height } } } problems { path severity message }',
);
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
/** Each page shows the text at its lower left, in user space, so that some of the boxes leave it. */
const TEXT = 'Il cliente';
const anchors = fc.record({
  text: fc.constantFrom(TEXT, TEXT, TEXT, 'Il fornitore'),
  occurrence: fc.constantFrom(1, 1, 1, 3),
  align: fc.constantFrom('TOP_LEFT', 'BOTTOM_LEFT', 'ABOVE', 'RIGHT'),
  offsetX: fc.constantFrom(0, 0, -40),
  offsetY: fc.constant(0),
  width: fc.constantFrom(40, 177),
  height: fc.constantFrom(20, 77),
}) satisfies fc.Arbitrary<AnchorInput>;
const fields: fc.Arbitrary<SignatureFieldInput[]> = fc.array(
  fc.record({
    clause: fc.record({
      title: fc.constantFrom('Firma del contratto', 'Clausole'),
      type: fc.constant('REQUIRED'),
    }),
    position: fc.oneof(
      boxes.map((box) => ({ box })),
      fc.constantFrom(...NAMES).map((uniqueName) => ({ uniqueName })),
      anchors.map((anchor) => ({ anchor })),
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

const WHOLE: Pdf = { pages: [PAGE], fields: [], damage: 'none' };

/** A field with an anchor that fits `PAGE`, apart from the change. */
const anchored = (change: Partial<AnchorInput>): SignatureFieldInput => ({
  clause: { title: 'Firma del contratto', type: 'REQUIRED' },
  position: {
    anchor: {
      text: TEXT,
      occurrence: 1,
      align: 'ABOVE',
      offsetX: 0,
      offsetY: 0,
      width: 40,
      height: 20,
      ...change,
    },
  },
});

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
    page.drawText(TEXT, { x: 60, y: 60, size: 11 });
    const corners = [x, y, x + width, y + height];
    const mediaBox = isReversed ? [...corners.slice(2), ...corners.slice(0, 2)] : corners;
    page.node.set(PDFName.of('MediaBox'), pdf.context.obj(mediaBox));
  }
  for (const name of names) addSignatureField(pdf, name);
  const file = Buffer.from(await pdf.save());
  if (damage === 'cut') return file.subarray(0, file.length / 3);
  return damage === 'junk before' ? Buffer.concat([Buffer.from('%PDF-junk\n'), file]) : file;
}

interface Problem {
  readonly path: readonly string[];
  readonly severity: string;
  readonly message: string;
}

/** The lists of the errors for anchors. */
interface Refusal {
  readonly anchors?: readonly Problem[];
  readonly fieldErrors?: readonly Problem[];
}

const pathOf = ({ path }: Problem): string => path.join('.');

interface InspectedAnchor {
  readonly matches: readonly { readonly fieldBox: BoxInput }[];
}

/** The fields with boxes in place of their anchors, without those whose text was not found. */
function withBoxes(
  asked: readonly SignatureFieldInput[],
  found: readonly InspectedAnchor[],
): SignatureFieldInput[] {
  let nth = 0;
  return asked.flatMap((field) => {
    const { anchor } = field.position;
    if (anchor == null) return field;
    const box = found[nth++]?.matches[anchor.occurrence - 1]?.fieldBox;
    return box === undefined ? [] : { ...field, position: { box } };
  });
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
      const asAnchors = asked.flatMap(({ position }) => position.anchor ?? []);
      const [inspected, validated] = await Promise.all([
        ask(INSPECT, 'inspectDocument', file, { fields: asked, anchors: asAnchors }),
        ask(VALIDATE, 'validateDocument', file, { fields: asked }),
      ]);
      const errors = ((inspected?.['problems'] ?? []) as unknown as Problem[]).filter(
        ({ path, severity }) => severity === 'ERROR' && path[0] !== 'anchors',
      );
      const messages = errors.map(({ message }) => message);
      const boxed = withBoxes(asked, (inspected?.['anchors'] ?? []) as unknown as InspectedAnchor[]);
      const rejectReason = rejectReasonOf(verdictOn(file, await readPdf(file), boxed.map(wireFieldOf)));
      const { anchors: missing = [], fieldErrors = [] } = (validated ?? {}) as unknown as Refusal;
      const kind = String(validated?.['__typename']);
      kinds.add(kind);
      // The service cannot store the size of a page. An anchor is refused before it is asked.
      if (messages[0] === 'Failed to extract metadata from pdf file!') {
        expect(kind).toMatch(/^(InvalidInput|AnchorNotFound)Error$/);
        expect(rejectReason).toBe(messages.join());
        return;
      }
      switch (kind) {
        case 'ValidateDocumentPayload':
          expect(inspected).toMatchObject({ __typename: 'InspectDocumentPayload', isEncrypted: false });
          expect(messages).toEqual(validated?.['violations']);
          expect(rejectReason).toBe(messages.length === 0 ? undefined : messages.join('\n'));
          break;
        case 'UnreadablePdfError':
          expect(rejectReason).toBeDefined();
          if (String(inspected?.['__typename']) === 'UnreadablePdfError') break;
          expect(inspected).toMatchObject({ isEncrypted: true });
          expect(messages).toEqual([rejectReason]);
          break;
        case 'AnchorNotFoundError':
          expect(errors.filter(({ message }) => message.includes('was found')).map(pathOf)).toEqual(
            missing.map(pathOf),
          );
          break;
        default:
          expect(kind).toBe('InvalidInputError');
          expect(messages.some((message) => message.includes('was found 0'))).toBe(false);
          expect(errors.filter(({ message }) => message.includes('leaves page')).map(pathOf)).toEqual(
            fieldErrors.map(pathOf),
          );
      }
    }),
    {
      numRuns: 80,
      examples: [
        [CUT, []],
        [REVERSED, []],
        [WHOLE, [anchored({ text: 'Il fornitore' })]],
        [WHOLE, [anchored({ align: 'RIGHT', width: 177 }), anchored({})]],
      ],
    },
  );
  expect([...kinds].toSorted()).toEqual([
    'AnchorNotFoundError',
    'InvalidInputError',
    'UnreadablePdfError',
    'ValidateDocumentPayload',
  ]);
});
