import { PDFDocument } from 'pdf-lib';

/** The data that the service reads from a PDF before validation. Plain data, because it is sent between threads. */
export type PdfContents =
  | {
      readonly kind: 'read';
      readonly pages: readonly { readonly number: number; readonly width: number; readonly height: number }[];
      /** Only signature fields. */
      readonly formFields: readonly { readonly type: string; readonly name: string }[];
    }
  | Unreadable;

/** pdf-lib cannot read the file, for example because it is encrypted. `errorClass` is the class of its error. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly errorClass: string;
  readonly message: string;
}

/** Reads a PDF as the service does. It can take long, so only `pdf-threads.ts` calls it for uploaded files. */
export async function readPdf(bytes: Uint8Array): Promise<PdfContents> {
  try {
    const pdf = await PDFDocument.load(bytes, { updateMetadata: false });
    // The order matters, because reading the form can change the document.
    const formFields = signatureFieldsOf(pdf);
    const pages = pdf.getPages().map((page, number) => ({ ...page.getSize(), number }));
    return { kind: 'read', pages, formFields };
  } catch (thrown) {
    const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { kind: 'unreadable', errorClass: name, message };
  }
}

/** Empty if pdf-lib fails on any field. */
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
