import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { FileUpload } from '../../uploads/file-upload.ts';
import { withUploadEvents } from '../../uploads/upload-events.ts';
import { readPdf, StartedPdf } from '../../uploads/read-pdf.ts';
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

/** Streams a PDF to the service, which validates it without storing it. @throws {InvalidInputError} and the errors of files. */
export async function validateDocument(
  { upstream, events, limits, signal }: GatewayContext,
  { file, fields }: ValidateDocumentInput,
): Promise<DocumentValidation> {
  checkInput(rules, { fields });
  const pdf = readPdf(file, { maxBytes: limits.maxUploadBytes, signal });
  const validation = withUploadEvents(events, pdf, async (observed) => {
    using started = await StartedPdf.from(observed);
    return await validate(upstream, { pdf: started, fields: fields?.map(wireFieldOf) }, { signal });
  });
  return translatedUpload(validation);
}
