import { PDFName, PDFString } from 'pdf-lib';
import type { PDFDocument } from 'pdf-lib';

/** Adds an empty signature field without a size to the first page. pdf-lib can read such fields, but not create them. */
export function addSignatureField(pdf: PDFDocument, name: string): void {
  const page = pdf.getPage(0);
  const field = pdf.context.register(
    pdf.context.obj({
      Type: 'Annot',
      Subtype: 'Widget',
      FT: 'Sig',
      T: PDFString.of(name),
      Rect: [0, 0, 0, 0],
      P: page.ref,
    }),
  );
  page.node.addAnnot(field);
  const { acroForm } = pdf.getForm();
  acroForm.addField(field);
  acroForm.dict.set(PDFName.of('SigFlags'), pdf.context.obj(1));
}
