import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { FileUpload } from '../../uploads/file-upload.ts';
import { withUploadEvents } from '../../uploads/upload-events.ts';
import { readPdf } from '../../uploads/read-pdf.ts';
import type { DocumentValidation } from '../../upstream/decode.ts';
import { validateDocument as validate } from '../../upstream/operations/validate-document.ts';
import { wireFieldOf } from '../shared/document-input.ts';
import type { SignatureFieldInput } from '../shared/document-input.ts';
import { checkInput, fieldsRules } from '../shared/input-rules.ts';
import { translatedUpload } from '../errors/translate-upload-error.ts';

export interface ValidateDocumentInput {
  file: FileUpload;
  fields?: readonly SignatureFieldInput[] | null | undefined;
}

const rules = z.object({ fields: fieldsRules.nullish() });

/** Streams a PDF through the service's checks; nothing is kept. @throws {InvalidInputError} and the errors of files. */
export async function validateDocument(
  { upstream, events, limits, signal }: GatewayContext,
  { file, fields }: ValidateDocumentInput,
): Promise<DocumentValidation> {
  checkInput(rules, { fields });
  const pdf = readPdf(file, { maxBytes: limits.maxUploadBytes, signal });
  return translatedUpload(
    withUploadEvents(events, pdf, (observed) =>
      startedFirst(observed, (checked) =>
        validate(upstream, { pdf: checked, fields: fields?.map(wireFieldOf) }, { signal }),
      ),
    ),
  );
}

/** Waits for the first bytes, which `readPdf` has checked, before the call is made at all. */
async function startedFirst<T>(
  pdf: AsyncGenerator<Buffer, void, void>,
  call: (pdf: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const first = await pdf.next();
  async function* all(): AsyncGenerator<Uint8Array> {
    if (first.value !== undefined) yield first.value;
    yield* pdf;
  }
  try {
    return await call(all());
  } finally {
    // A call that fails before it sends leaves them untouched, and the parser would stand still at this file for ever.
    // Not awaited: when it fails while it sends, this takes effect only with the next bytes of the client.
    void pdf.return();
  }
}
