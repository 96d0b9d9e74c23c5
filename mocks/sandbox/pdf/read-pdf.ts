import { PDFDocument } from 'pdf-lib';

/** What the service reads out of a PDF before it looks whether that makes sense. Plain data, as it crosses threads. */
export type PdfContents =
  | {
      readonly kind: 'read';
      readonly pages: readonly { readonly number: number; readonly width: number; readonly height: number }[];
      /** Signature fields alone. */
      readonly formFields: readonly { readonly type: string; readonly name: string }[];
    }
  | Unreadable;

/** pdf-lib has failed on it, also when it is encrypted. `errorClass` is the class of what pdf-lib threw. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly errorClass: string;
  readonly message: string;
}

/** Reads a PDF as the service does. This can take long: of the files of callers it is for `pdf-threads.ts` alone. */
export async function readPdf(bytes: Uint8Array): Promise<PdfContents> {
  try {
    const pdf = await PDFDocument.load(bytes, { updateMetadata: false });
    // In this order: asking for the form can change the document.
    const formFields = signatureFieldsOf(pdf);
    const pages = pdf.getPages().map((page, number) => ({ ...page.getSize(), number }));
    return { kind: 'read', pages, formFields };
  } catch (thrown) {
    const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { kind: 'unreadable', errorClass: name, message };
  }
}

/** None at all when pdf-lib fails on a field of whatever kind. */
function signatureFieldsOf(pdf: PDFDocument): { readonly type: string; readonly name: string }[] {
  try {
    return pdf
      .getForm()
      .getFields()
      .map((field) => ({ type: field.constructor.name, name: field.getName() }))
      .filter(({ type }) => type === 'PDFSignature');
  } catch {
    return [];
  }
}
