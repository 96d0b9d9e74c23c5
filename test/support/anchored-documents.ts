import { degrees, PDFArray, PDFDict, PDFDocument, PDFName, PDFNumber, PDFString } from 'pdf-lib';
import type { PDFRef } from 'pdf-lib';

/** The tag that each document shows once, in red, so that a rendering shows where it is. */
export const TAG = '{{firma:Rossi}}';

interface Layout {
  /** `[left, bottom, right, top]`. @default A4 */
  readonly mediaBox?: readonly [number, number, number, number];
  readonly cropBox?: readonly [number, number, number, number];
  /** Clockwise. @default 0 */
  readonly rotation?: number;
  readonly userUnit?: number;
}

/** What a content stream may use. */
interface Resources {
  readonly fonts?: Readonly<Record<string, PDFDict | PDFRef>>;
  readonly forms?: Readonly<Record<string, PDFRef>>;
}

type Draw = (pdf: PDFDocument) => { readonly content: string } & Resources;

const A4 = [0, 0, 595.28, 841.89] as const;

/** A page with the content, and an empty one, for what a test does not look at. */
async function documentOf(
  { mediaBox = A4, cropBox, rotation = 0, userUnit }: Layout,
  draw: Draw,
): Promise<Buffer<ArrayBuffer>> {
  const pdf = await PDFDocument.create();
  const page = pdf.addPage();
  page.node.set(PDFName.of('MediaBox'), pdf.context.obj([...mediaBox]));
  if (cropBox) page.node.set(PDFName.of('CropBox'), pdf.context.obj([...cropBox]));
  if (userUnit !== undefined) page.node.set(PDFName.of('UserUnit'), PDFNumber.of(userUnit));
  page.setRotation(degrees(rotation));
  const { content, fonts, forms } = draw(pdf);
  page.node.set(PDFName.of('Contents'), pdf.context.register(pdf.context.flateStream(content)));
  page.node.set(PDFName.of('Resources'), resourcesOf(pdf, { fonts, forms }));
  pdf.addPage([200, 200]);
  return Buffer.from(await pdf.save());
}

function resourcesOf(
  pdf: PDFDocument,
  { fonts = {}, forms = {} }: { readonly [Name in keyof Resources]?: Resources[Name] | undefined },
): PDFDict {
  return pdf.context.obj({ Font: { F1: fontOf(pdf, 'Helvetica'), ...fonts }, XObject: { ...forms } });
}

const fontOf = (pdf: PDFDocument, name: string, rest: object = {}): PDFDict =>
  pdf.context.obj({ Type: 'Font', Subtype: 'Type1', BaseFont: name, Encoding: 'WinAnsiEncoding', ...rest });

/** A form XObject. */
function formOf(pdf: PDFDocument, content: string, dict: object = {}, resources: Resources = {}): PDFRef {
  const stream = pdf.context.flateStream(content);
  const entries = pdf.context.obj({ Type: 'XObject', Subtype: 'Form', BBox: [0, 0, 2000, 2000], ...dict });
  for (const [name, value] of entries.entries()) stream.dict.set(name, value);
  stream.dict.set(PDFName.of('Resources'), resourcesOf(pdf, resources));
  return pdf.context.register(stream);
}

const RED = '1 0 0 rg';
const BLACK = '0 g';
const text = (x: number, y: number, shown: string, size = 11): string =>
  `BT ${RED} /F1 ${size} Tf ${x} ${y} Td ${shown} Tj ET ${BLACK}\n`;
const black = (x: number, y: number, shown: string): string => text(x, y, `(${shown})`).replace(RED, BLACK);
const tag = (x: number, y: number, size = 11): string => text(x, y, `(${TAG})`, size);
const plain =
  (content: string): Draw =>
  () => ({ content });

/** A CMap that maps the codes from 1 on to these texts. */
function toUnicode(pdf: PDFDocument, texts: readonly string[]): PDFRef {
  const hex = (value: string): string => Buffer.from(value, 'utf16le').swap16().toString('hex');
  const rows = texts.map((value, index) => `<${(index + 1).toString(16).padStart(2, '0')}> <${hex(value)}>`);
  const cmap = `/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /T def /CMapType 2 def
1 begincodespacerange <00> <ff> endcodespacerange ${rows.length} beginbfchar ${rows.join('\n')} endbfchar endcmap end end`;
  return pdf.context.register(pdf.context.flateStream(cmap));
}

/** A Type 3 font whose glyphs are boxes that stand for these texts, from code 1 on. It can stand for any script. */
function boxFont(pdf: PDFDocument, texts: readonly string[]): PDFDict {
  const glyph = pdf.context.register(pdf.context.flateStream('600 0 0 -200 500 700 d1 40 -200 460 900 re f'));
  const names = texts.map((_, index) => `g${index + 1}`);
  const font = pdf.context.obj({
    Type: 'Font',
    Subtype: 'Type3',
    FontBBox: [0, -200, 600, 700],
    FontMatrix: [0.001, 0, 0, 0.001, 0, 0],
    FirstChar: 1,
    LastChar: texts.length,
    Widths: texts.map(() => 600),
    Encoding: { Type: 'Encoding', Differences: [1, ...names.map((name) => PDFName.of(name))] },
    CharProcs: Object.fromEntries(names.map((name) => [name, glyph])),
    Resources: {},
  });
  font.set(PDFName.of('ToUnicode'), toUnicode(pdf, texts));
  return font;
}

const codes = (count: number, order = (index: number) => index): string =>
  `<${Array.from({ length: count }, (_, index) => (order(index) + 1).toString(16).padStart(2, '0')).join('')}>`;

/** A text in boxes; the glyphs are drawn from the left to the right in the order of `texts`. */
const boxes =
  (texts: readonly string[], order?: (index: number) => number): Draw =>
  (pdf) => ({
    content: `BT ${RED} /F2 12 Tf 200 500 Td ${codes(texts.length, order)} Tj ET ${BLACK}`,
    fonts: { F2: boxFont(pdf, texts) },
  });

const form =
  (content: (name: string) => string, dict: object = {}): Draw =>
  (pdf) => ({ content: content('X1'), forms: { X1: formOf(pdf, tag(50, 60), dict) } });

const standard =
  (content: string, differences: readonly string[]): Draw =>
  (pdf) => ({
    content,
    fonts: {
      F2: fontOf(pdf, 'Times-Roman', {
        Encoding: pdf.context.obj({
          Type: 'Encoding',
          BaseEncoding: 'WinAnsiEncoding',
          Differences: [1, ...differences.map((name) => PDFName.of(name))],
        }),
      }),
    },
  });

/** Each character at its own place, in any order. */
const oneByOne = (order: (indices: number[]) => number[]): string =>
  order(Array.from(TAG, (_, index) => index))
    .map((index) => `BT ${RED} /F3 12 Tf ${200 + index * 7.2} 400 Td (${TAG.charAt(index)}) Tj ET`)
    .join('\n');

const courier =
  (content: string): Draw =>
  (pdf) => ({ content, fonts: { F3: fontOf(pdf, 'Courier') } });

async function annotated(): Promise<Buffer<ArrayBuffer>> {
  const pdf = await PDFDocument.create();
  const page = pdf.addPage([595.28, 841.89]);
  const appearance = formOf(pdf, tag(4, 8), { BBox: [0, 0, 150, 30] });
  const annotation = pdf.context.obj({
    Type: 'Annot',
    Subtype: 'FreeText',
    Rect: [200, 300, 350, 330],
    F: 4,
  });
  annotation.set(PDFName.of('AP'), pdf.context.obj({ N: appearance }));
  annotation.set(PDFName.of('Contents'), PDFString.of(TAG));
  page.node.set(PDFName.of('Annots'), PDFArray.withContext(pdf.context));
  page.node.Annots()?.push(pdf.context.register(annotation));
  pdf.addPage([200, 200]);
  return Buffer.from(await pdf.save());
}

const made = (layout: Layout, draw: Draw) => () => documentOf(layout, draw);
const HEBREW = [...'חתימה'];
const ARABIC = [...'توقيع'];
const CJK = [...'署名欄'];

/** Documents that show an anchor once on their first page. */
export const anchoredDocuments: Readonly<
  Record<string, { readonly make: () => Promise<Buffer<ArrayBuffer>>; readonly anchor?: string }>
> = {
  A4: { make: made({}, plain(tag(200, 300))) },
  letter: { make: made({ mediaBox: [0, 0, 612, 792] }, plain(tag(200, 300))) },
  legal: { make: made({ mediaBox: [0, 0, 612, 1008] }, plain(tag(200, 300))) },
  A5: { make: made({ mediaBox: [0, 0, 419.53, 595.28] }, plain(tag(150, 300))) },
  A3: { make: made({ mediaBox: [0, 0, 841.89, 1190.55] }, plain(tag(600, 300))) },
  landscape: { make: made({ mediaBox: [0, 0, 841.89, 595.28] }, plain(tag(600, 100))) },
  'rotated by 90': { make: made({ rotation: 90 }, plain(tag(200, 300))) },
  'rotated by 180': { make: made({ rotation: 180 }, plain(tag(200, 300))) },
  'rotated by 270': { make: made({ rotation: 270 }, plain(tag(200, 300))) },
  'rotated by -90': { make: made({ rotation: -90 }, plain(tag(200, 300))) },
  'rotated by 450': { make: made({ rotation: 450 }, plain(tag(200, 300))) },
  'landscape by rotation, text upright for the reader': {
    make: made({ rotation: 90 }, plain(`q 0 1 -1 0 300 200 cm ${tag(0, 0)} Q`)),
  },
  'upside down, text upright for the reader': {
    make: made({ rotation: 180 }, plain(`q -1 0 0 -1 400 500 cm ${tag(0, 0)} Q`)),
  },
  'rotated by 270, text upright for the reader': {
    make: made({ rotation: 270 }, plain(`q 0 -1 1 0 300 600 cm ${tag(0, 0)} Q`)),
  },
  'MediaBox from (100, 50)': { make: made({ mediaBox: [100, 50, 695.28, 891.89] }, plain(tag(250, 300))) },
  'MediaBox from (-200, -100)': {
    make: made({ mediaBox: [-200, -100, 395.28, 741.89] }, plain(tag(100, 300))),
  },
  'MediaBox from (30, 40), rotated by 90': {
    make: made({ mediaBox: [30, 40, 625.28, 881.89], rotation: 90 }, plain(tag(250, 300))),
  },
  CropBox: { make: made({ cropBox: [50, 60, 500, 700] }, plain(tag(200, 300))) },
  'CropBox, rotated by 90': {
    make: made({ cropBox: [50, 60, 500, 700], rotation: 90 }, plain(tag(200, 300))),
  },
  'CropBox larger than the MediaBox': {
    make: made({ cropBox: [-50, -60, 900, 1000] }, plain(tag(200, 300))),
  },
  'UserUnit 2': { make: made({ userUnit: 2 }, plain(tag(200, 300))) },
  'UserUnit 1.5, rotated by 90': { make: made({ userUnit: 1.5, rotation: 90 }, plain(tag(200, 300))) },
  kerned: {
    make: made(
      {},
      plain(`BT ${RED} /F1 11 Tf 200 300 Td [({{f) 30 (ir) -40 (ma) 55 (:R) -20 (ossi}}) 10] TJ ET`),
    ),
  },
  'several runs': {
    make: made(
      {},
      plain(`BT ${RED} /F1 11 Tf 200 300 Td ({{fi) Tj (rma) Tj (:Ro) Tj /F1 11 Tf (ssi}}) Tj ET`),
    ),
  },
  'one operator for each character': { make: made({}, courier(oneByOne((indices) => indices))) },
  'characters from the last to the first': {
    make: made({}, courier(oneByOne((indices) => indices.toReversed()))),
  },
  'characters in another order': {
    make: made(
      {},
      courier(oneByOne((indices) => indices.toSorted((one, other) => ((one * 7) % 15) - ((other * 7) % 15)))),
    ),
  },
  'character spacing': { make: made({}, plain(`BT ${RED} /F1 11 Tf 3 Tc 200 300 Td (${TAG}) Tj ET`)) },
  'horizontal scaling': { make: made({}, plain(`BT ${RED} /F1 11 Tf 60 Tz 200 300 Td (${TAG}) Tj ET`)) },
  'text rise': { make: made({}, plain(`BT ${RED} /F1 11 Tf 9 Ts 200 300 Td (${TAG}) Tj ET`)) },
  'leading and next lines': {
    make: made({}, plain(`BT ${RED} /F1 11 Tf 14 TL 200 300 Td T* T* (${TAG}) ' ET`)),
  },
  'text matrix': { make: made({}, plain(`BT ${RED} /F1 1 Tf 14 0 0 14 200 300 Tm (${TAG}) Tj ET`)) },
  'text rotated by 90 on the page': {
    make: made({}, plain(`BT ${RED} /F1 11 Tf 0 1 -1 0 200 300 Tm (${TAG}) Tj ET`)),
  },
  'text rotated by 30 on the page': {
    make: made({}, plain(`BT ${RED} /F1 11 Tf 0.866 0.5 -0.5 0.866 200 300 Tm (${TAG}) Tj ET`)),
  },
  'y downwards, as Cairo draws': {
    make: made({}, plain(`q 1 0 0 -1 0 841.89 cm BT ${RED} /F1 11 Tf 1 0 0 -1 200 300 Tm (${TAG}) Tj ET Q`)),
  },
  'scaled by 0.75, as browsers print': {
    make: made(
      {},
      plain(`q 0.75 0 0 -0.75 0 841.89 cm BT ${RED} /F1 14 Tf 1 0 0 -1 200 300 Tm (${TAG}) Tj ET Q`),
    ),
  },
  'words placed without spaces': {
    make: made({}, plain(`BT ${RED} /F1 11 Tf 200 300 Td (Il) Tj 12 0 Td (cliente) Tj ET ${BLACK}`)),
    anchor: 'Il cliente',
  },
  'words with word spacing': {
    make: made({}, plain(`BT ${RED} /F1 11 Tf 9 Tw 200 300 Td (Il cliente) Tj ET ${BLACK}`)),
    anchor: 'Il cliente',
  },
  'bold by drawing twice': { make: made({}, plain(tag(200, 300) + tag(200.3, 300))) },
  'form XObject': {
    make: made(
      {},
      form((name) => `q 1 0 0 1 150 300 cm /${name} Do Q`),
    ),
  },
  'scaled form XObject': {
    make: made(
      {},
      form((name) => `q 1.7 0 0 1.3 100 200 cm /${name} Do Q`),
    ),
  },
  'form XObject with a rotating Matrix': {
    make: made(
      {},
      form((name) => `q 1 0 0 1 300 300 cm /${name} Do Q`, { Matrix: [0, 1, -1, 0, 0, 0] }),
    ),
  },
  'transparency group': {
    make: made(
      {},
      form((name) => `q 1 0 0 1 150 300 cm /${name} Do Q`, { Group: { S: 'Transparency' } }),
    ),
  },
  'form XObject in a form XObject': {
    make: made({}, (pdf) => ({
      content: 'q 0.5 0 0 0.5 100 100 cm /X1 Do Q',
      forms: {
        X1: formOf(pdf, 'q 2.5 0 0 2.5 80 90 cm /X2 Do Q', {}, { forms: { X2: formOf(pdf, tag(50, 60)) } }),
      },
    })),
  },
  annotation: { make: annotated },
  'two columns': {
    make: made(
      {},
      plain(
        [0, 1, 2, 3, 4].map((row) => black(50, 500 - 20 * row, 'La prima colonna del testo')).join('') +
          [0, 1, 3, 4].map((row) => black(320, 500 - 20 * row, 'La seconda colonna')).join('') +
          tag(320, 460),
      ),
    ),
  },
  table: {
    make: made(
      {},
      plain(
        ['Nome', 'Luogo', 'Data'].map((name, row) => black(60, 500 - 30 * row, name)).join('') +
          `0.5 w 50 425 300 90 re S 150 425 m 150 515 l S ${tag(160, 440)}`,
      ),
    ),
  },
  ligature: {
    make: made({}, standard(`BT ${RED} /F2 12 Tf 200 300 Td <01> Tj (rma del contratto) Tj ET`, ['fi'])),
    anchor: 'firma del contratto',
  },
  'accent as a glyph of its own': {
    make: made({}, standard(`BT ${RED} /F2 12 Tf 200 300 Td (Localit) Tj [(a) 444 <01>] TJ ET`, ['grave'])),
    anchor: 'Località',
  },
  'composed characters, found by an anchor of decomposed ones': {
    make: made({}, plain(`BT ${RED} /F1 11 Tf 200 300 Td (Localit\\340) Tj ET`)),
    anchor: 'Località'.normalize('NFD'),
  },
  'decomposed characters': {
    make: made({}, boxes([...('Localita\u0300'.match(/a\u0300|./gsu) ?? [])])),
    anchor: 'Località',
  },
  'soft hyphen': { make: made({}, boxes(['f', 'i', 'r', '\u00AD', 'm', 'a'])), anchor: 'firma' },
  Hebrew: { make: made({}, boxes(HEBREW.toReversed())), anchor: HEBREW.join('') },
  'Hebrew drawn in the order of reading': {
    make: made({}, (pdf) => ({
      content: HEBREW.map(
        (_, nth) => `BT ${RED} /F2 12 Tf ${300 - nth * 7.2} 500 Td <0${nth + 1}> Tj ET`,
      ).join('\n'),
      fonts: { F2: boxFont(pdf, HEBREW) },
    })),
    anchor: HEBREW.join(''),
  },
  'Arabic in presentation forms': {
    make: made({}, boxes(['\uFECA', '\uFEF4', '\uFED7', '\uFEEE', '\uFE97'])),
    anchor: ARABIC.join(''),
  },
  CJK: { make: made({}, boxes(CJK)), anchor: CJK.join('') },
};
