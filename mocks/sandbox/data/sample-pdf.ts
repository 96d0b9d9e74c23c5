import { PDFDocument, StandardFonts } from 'pdf-lib';
import type { DocumentMetadata } from '../decoding/document-metadata.ts';
import { addSignatureField } from '../model/signature-field.ts';

const A4: [number, number] = [595.28, 841.89];
/** Maximum number of pages; fields on later pages are not created. */
const MAX_PAGES = 100;

/**
 * A small real PDF that fits the metadata: its title, its signature fields and the pages of its boxes. The same metadata
 * gives the same bytes.
 */
export async function samplePdf({ title, signature_fields: fields }: DocumentMetadata): Promise<Buffer> {
  const pdf = await PDFDocument.create({ updateMetadata: false });
  const lastPage = Math.max(0, ...fields.map(({ attrs }) => ('page' in attrs ? attrs.page : 0)));
  for (let page = 0; page <= Math.min(lastPage, MAX_PAGES - 1); page += 1) pdf.addPage(A4);
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  // The standard PDF fonts only have the characters of Windows-1252.
  pdf.getPage(0).drawText(title.replaceAll(/[^\u0020-\u007e\u00a0-\u00ff]/g, '?'), {
    x: 56,
    y: A4[1] - 72,
    size: 14,
    font,
  });
  const names = new Set(fields.flatMap(({ attrs }) => ('unique_name' in attrs ? [attrs.unique_name] : [])));
  for (const name of names) addSignatureField(pdf, name);
  return Buffer.from(await pdf.save());
}
