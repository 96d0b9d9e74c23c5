import { EncryptedPDFError, PDFDict, PDFDocument, PDFName, PDFNumber, PDFSignature } from 'pdf-lib';
import type { PDFField, PDFPage } from 'pdf-lib';
import type { Rect } from './geometry.ts';
import { MAX_OBJECTS, MAX_PAGES } from './inspection.ts';
import type { FoundField, Page, Place, Refused } from './inspection.ts';

/** The pages and the fields of a PDF, as the service sees them. */
export interface ServiceView {
  readonly kind: 'read';
  readonly pages: readonly Page[];
  readonly signatureFields: readonly FoundField[];
}

/** The errors of the library are not instances of their classes. */
const ENCRYPTED = new EncryptedPDFError().message;

/** The PDF has more pages or objects than the gateway reads. */
class TooManyParts extends Error {
  override readonly name = 'TooManyParts';
}

/**
 * Reads a PDF with the library of the service, in the same order, so that it fails for the same files.
 * @throws {TooManyParts}
 */
export async function viewAsService(bytes: Uint8Array): Promise<ServiceView | Refused> {
  try {
    const pdf = await PDFDocument.load(bytes, { updateMetadata: false, parseSpeed: Infinity });
    if (pdf.context.enumerateIndirectObjects().length > MAX_OBJECTS)
      throw new TooManyParts(`The PDF has more than ${MAX_OBJECTS} objects.`);
    const fields = signatureFieldsOf(pdf);
    const pages = pdf.getPages();
    if (pages.length > MAX_PAGES) throw new TooManyParts(`The PDF has more than ${MAX_PAGES} pages.`);
    return {
      kind: 'read',
      pages: pages.map(pageOf),
      signatureFields: fields.map((field) => ({
        name: field.getName(),
        place: orNothing(() => placeOf(pdf, pages, field)),
        isSigned: orNothing(() => isSigned(field)) ?? false,
      })),
    };
  } catch (thrown) {
    if (thrown instanceof TooManyParts) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { kind: reason === ENCRYPTED ? 'encrypted' : 'unreadable', reason };
  }
}

/** Empty if the library fails on any field of the form. */
function signatureFieldsOf(pdf: PDFDocument): PDFSignature[] {
  const names = (fields: PDFField[]): PDFSignature[] =>
    fields.filter((field) => {
      field.getName();
      return field instanceof PDFSignature;
    }) as PDFSignature[];
  return orNothing(() => names(pdf.getForm().getFields())) ?? [];
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function pageOf(page: PDFPage): Page {
  const { width, height } = page.getSize();
  const media = orNothing(() => page.getMediaBox()) ?? { x: 0, y: 0, width, height };
  const crop = orNothing(() => page.getCropBox()) ?? media;
  const whole = rectOf(media);
  const visible = intersectionOf(whole, rectOf(crop));
  const unit = orNothing(() => page.node.lookupMaybe(PDFName.of('UserUnit'), PDFNumber)?.asNumber()) ?? 1;
  const angle = orNothing(() => page.getRotation().angle) ?? 0;
  return {
    width,
    height,
    origin: { x: whole.left, y: whole.bottom },
    visible: visible.left < visible.right && visible.bottom < visible.top ? visible : whole,
    rotation: angle % 90 === 0 ? ((angle % 360) + 360) % 360 : 0,
    userUnit: unit > 0 ? unit : 1,
  };
}

function rectOf(box: {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}): Rect {
  const [left, right] = [box.x, box.x + box.width].toSorted((one, other) => one - other);
  const [bottom, top] = [box.y, box.y + box.height].toSorted((one, other) => one - other);
  return { left: left ?? 0, bottom: bottom ?? 0, right: right ?? 0, top: top ?? 0 };
}

const intersectionOf = (one: Rect, other: Rect): Rect => ({
  left: Math.max(one.left, other.left),
  bottom: Math.max(one.bottom, other.bottom),
  right: Math.min(one.right, other.right),
  top: Math.min(one.top, other.top),
});

function placeOf(pdf: PDFDocument, pages: readonly PDFPage[], field: PDFSignature): Place | undefined {
  const [widget] = field.acroField.getWidgets();
  if (widget === undefined) return undefined;
  const parent = widget.P();
  const page = pages.findIndex(
    ({ ref, node }) =>
      (parent !== undefined && ref === parent) ||
      node
        .Annots()
        ?.asArray()
        .some((annotation) => pdf.context.lookup(annotation) === widget.dict),
  );
  return page === -1 ? undefined : { page, box: rectOf(widget.getRectangle()) };
}

/** A field is signed if its value is a signature dictionary. */
function isSigned(field: PDFSignature): boolean {
  return field.acroField.dict.lookupMaybe(PDFName.of('V'), PDFDict) !== undefined;
}
