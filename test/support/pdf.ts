import { PDFDocument } from 'pdf-lib';
import { addSignatureField } from '../../mocks/sandbox/model/signature-field.ts';

export interface PdfOptions {
  /** Number of A4 pages. @default 1 */
  readonly pages?: number;
  /** Names of empty signature fields, all on the first page. @default none */
  readonly signatureFields?: readonly string[];
  /** Names of text fields, which do not count as signature fields. @default none */
  readonly textFields?: readonly string[];
  /** Exact size of the file, which must be larger than the PDF itself. @default no padding */
  readonly padToBytes?: number;
}

/** A valid PDF file. */
export async function makePdf(options: PdfOptions = {}): Promise<Buffer<ArrayBuffer>> {
  const { pages = 1, signatureFields = [], textFields = [], padToBytes } = options;
  const pdf = await PDFDocument.create();
  for (let page = 0; page < pages; page += 1) pdf.addPage([595.28, 841.89]);
  for (const name of signatureFields) addSignatureField(pdf, name);
  for (const name of textFields) pdf.getForm().createTextField(name).addToPage(pdf.getPage(0));
  const bytes = Buffer.from(await pdf.save());
  return padToBytes === undefined ? bytes : padded(bytes, padToBytes);
}

/** Pads with comments after the end, which are legal because readers search for the last trailer. */
function padded(bytes: Buffer, size: number): Buffer<ArrayBuffer> {
  const missing = size - bytes.length;
  if (missing < 2) throw new RangeError(`This PDF has ${bytes.length} bytes and cannot be padded to ${size}`);
  const file = Buffer.alloc(size, ' ');
  bytes.copy(file);
  file.write('\n%', bytes.length, 'latin1');
  // Each 4 KiB contains its offset, so that lost, doubled or swapped pieces change the hash.
  for (let at = bytes.length + 2; at + 12 <= size; at += 4_096)
    file.write(String(at).padStart(12, '0'), at, 'latin1');
  return file;
}

/** A small file whose cross-reference stream claims four thousand million objects, for which pdf-lib makes an entry each. */
export const greedyPdf: Buffer<ArrayBuffer> = Buffer.from(`%PDF-1.7
1 0 obj
<</Type/XRef/Size 1/W[1 1 1]/Index[0 4294967295]/Length 3>>
stream
abc
endstream
endobj
2 0 obj
<</Type/Catalog/Pages 3 0 R>>
endobj
3 0 obj
<</Type/Pages/Kids[]/Count 0>>
endobj
trailer
<</Root 2 0 R>>
%%EOF`);
