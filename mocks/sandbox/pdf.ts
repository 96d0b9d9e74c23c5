import { PDFDocument, PDFSignature } from 'pdf-lib';
import type { SignatureField } from './decoding/document-metadata.ts';

/**
 * What the service finds wrong with a PDF, in its words (one of them misspelt, as there); empty when it is fine.
 * Fields are checked against the file only: no page count, size, PDF/A or existing signatures.
 *
 * @throws Error when pdf-lib cannot open the file, also when it is encrypted; the message is pdf-lib's
 */
export async function violationsOfPdf(
  bytes: Uint8Array,
  fields: readonly SignatureField[],
): Promise<string[]> {
  const pdf = await PDFDocument.load(bytes, { updateMetadata: false });
  // pdf-lib tolerates junk before the header, the service does not.
  if (Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== '%PDF') {
    return ['the uploaded document has an invalid file signature (not a valid PDF)'];
  }
  const signatures = new Set(
    pdf
      .getForm()
      .getFields()
      .filter((field) => field instanceof PDFSignature)
      .map((field) => field.getName()),
  );
  const pages = pdf.getPages().map((page) => page.getSize());

  return fields.flatMap(({ clause, attrs }) => {
    if ('unique_name' in attrs) {
      if (signatures.has(attrs.unique_name)) return [];
      return [`(${clause.title}) the field "${attrs.unique_name}" was not found is the uploaded document`];
    }
    const page = pages[attrs.page];
    if (page === undefined) {
      return [
        `(${clause.title}) incompatible coordinates: unable to find page ${attrs.page} in the uploaded document`,
      ];
    }
    // Origin top-left, points. A negative x or y passes; touching the far edge does not.
    const fits =
      attrs.coordinates.x + attrs.size.w < page.width && attrs.coordinates.y + attrs.size.h < page.height;
    return fits
      ? []
      : [`(${clause.title}) incompatible coordinates: they can't fit in the uploaded document`];
  });
}
