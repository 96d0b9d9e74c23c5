import { PDFDocument, PDFSignature, StandardFonts, rgb } from 'pdf-lib';
import type { PDFFont, PDFPage } from 'pdf-lib';
import type { SignatureField } from '../decoding/document-metadata.ts';

/** In points from the bottom left of the page. */
interface Box {
  readonly page: PDFPage;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const MARK = ['FIRMA DI PROVA: NON è qualificata', 'TEST SIGNATURE: NOT qualified', 'Sandbox Sigillo'];
const NOTICE = [
  'Firma di prova della sandbox Sigillo: NON è una firma elettronica qualificata, non ha valore legale.',
  'Test signature made by the Sigillo sandbox: NOT a qualified electronic signature, of no legal effect.',
];
const INK = rgb(0.1, 0.25, 0.6);
const LINE_HEIGHT = 1.2;
const MARGIN_POINTS = 2;
const MAX_TITLE_LINE = 40;

/**
 * Creates the signed file: the validated file with a visible mark in the box of each signed field, which begins with the title
 * of its clause, and a notice at the
 * foot of the last page that this is not a qualified signature. Existing signatures become invalid. The same file at the
 * same time gives the same bytes. A file that cannot be changed is returned unchanged.
 *
 * @param now milliseconds since the epoch
 */
export async function signedPdf(
  validated: Buffer,
  fields: readonly SignatureField[],
  now: number,
): Promise<Buffer> {
  return (
    (await stamped(validated, fields, now).catch(() => undefined)) ??
    (await withNoticePage(validated, now).catch(() => validated))
  );
}

async function stamped(validated: Buffer, fields: readonly SignatureField[], now: number): Promise<Buffer> {
  const pdf = await PDFDocument.load(validated, { updateMetadata: false });
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  for (const field of fields) {
    const lines = [...titleLines(field.clause.title, font), ...MARK, new Date(now).toISOString()];
    for (const box of boxesOf(pdf, field)) drawMark(box, font, lines);
  }
  drawNotice(pdf.getPages().at(-1) ?? pdf.addPage(), font);
  return saved(pdf, now);
}

/** Splits the title of a clause into lines about as long as those of `MARK`, in the characters of the font. */
function titleLines(title: string, font: PDFFont): string[] {
  const known = new Set(font.getCharacterSet());
  const lines = [''];
  for (const word of title.split(/\s+/)) {
    const last = lines.at(-1) ?? '';
    const text = Array.from(word, (character) =>
      known.has(character.codePointAt(0) ?? 0) ? character : '?',
    ).join('');
    if (last !== '' && last.length + text.length >= MAX_TITLE_LINE) lines.push(text);
    else lines[lines.length - 1] = last === '' ? text : `${last} ${text}`;
  }
  return lines;
}

/** Adds the notice on a new page if the pages cannot be changed. */
async function withNoticePage(validated: Buffer, now: number): Promise<Buffer> {
  const pdf = await PDFDocument.load(validated, { updateMetadata: false });
  drawNotice(pdf.addPage(), await pdf.embedFont(StandardFonts.Helvetica));
  return saved(pdf, now);
}

async function saved(pdf: PDFDocument, now: number): Promise<Buffer> {
  pdf.setProducer('Sigillo sandbox (test signature, not qualified)');
  pdf.setModificationDate(new Date(now));
  return Buffer.from(await pdf.save({ updateFieldAppearances: false }));
}

function boxesOf(pdf: PDFDocument, { attrs }: SignatureField): Box[] {
  if ('unique_name' in attrs) {
    const field = pdf.getForm().getField(attrs.unique_name);
    if (!(field instanceof PDFSignature)) return [];
    return field.acroField.getWidgets().map((widget) => {
      const page = pdf.getPages().find(
        ({ ref, node }) =>
          widget.P() === ref ||
          node
            .Annots()
            ?.asArray()
            .some((annotation) => pdf.context.lookup(annotation) === widget.dict),
      );
      return { page: page ?? pdf.getPage(0), ...widget.getRectangle() };
    });
  }
  // As in the service: rounded corners, the size of the MediaBox, rotation ignored.
  const page = pdf.getPage(attrs.page);
  const { coordinates, size } = attrs;
  const height = page.getHeight();
  const left = Math.round(coordinates.x);
  const bottom = Math.round(height - coordinates.y - size.h);
  const right = Math.round(coordinates.x + size.w);
  const top = Math.round(height - coordinates.y);
  return [{ page, x: left, y: bottom, width: right - left, height: top - bottom }];
}

/** Draws a frame and the largest text that fits. A box that is too small for text has the frame only. */
function drawMark({ page, ...box }: Box, font: PDFFont, lines: readonly string[]): void {
  page.drawRectangle({ ...box, borderColor: INK, borderWidth: 1 });
  const size = Math.min(
    sizeThatFits(font, lines, box.width - 2 * MARGIN_POINTS),
    (box.height - 2 * MARGIN_POINTS) / (lines.length * LINE_HEIGHT),
    9,
  );
  if (size < 1) return;
  const top = box.y + (box.height + lines.length * size * LINE_HEIGHT) / 2;
  drawLines(page, font, lines, { x: box.x + MARGIN_POINTS, y: top - size, size });
}

function drawNotice(page: PDFPage, font: PDFFont): void {
  const { x, y, width } = page.getMediaBox();
  const size = Math.min(sizeThatFits(font, NOTICE, width * 0.9), 7);
  drawLines(page, font, NOTICE, { x: x + width * 0.05, y: y + 2 * size * LINE_HEIGHT, size });
}

function drawLines(
  page: PDFPage,
  font: PDFFont,
  lines: readonly string[],
  at: { readonly x: number; readonly y: number; readonly size: number },
): void {
  page.drawText(lines.join('\n'), { ...at, lineHeight: at.size * LINE_HEIGHT, font, color: INK });
}

function sizeThatFits(font: PDFFont, lines: readonly string[], width: number): number {
  return width / Math.max(...lines.map((line) => font.widthOfTextAtSize(line, 1)));
}
