import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { FileUpload } from '../../uploads/file-upload.ts';
import { withUploadEvents, readPdf, StartedPdf } from '../../uploads/read-upload.ts';
import type { DocumentValidation } from '../../upstream/decode.ts';
import { validateDocument as validateUpstream } from '../../upstream/operations/validate-document.ts';
import { wireFieldOf } from '../shared/document-input.ts';
import type { SignatureFieldInput } from '../shared/document-input.ts';
import { anchorsOf, queryOf, resolveFields } from '../shared/anchors.ts';
import { contentsOf, filesInMemory, holdFile } from '../shared/inspect-file.ts';
import { checkInput, fieldsOfFileRules } from '../shared/input-rules.ts';
import { translatedUpload } from '../errors/translate-upstream-error.ts';

export interface ValidateDocumentInput {
  file: FileUpload;
  fields?: readonly SignatureFieldInput[] | null | undefined;
}

const rules = z.object({ fields: fieldsOfFileRules.nullish() });

/**
 * Streams a PDF to the service, which validates it without storing it. If fields have anchors, it is first held in memory.
 * @throws {InvalidInputError} @throws {AnchorNotFoundError} and the errors of files.
 */
export async function validateDocument(
  context: GatewayContext,
  input: ValidateDocumentInput,
): Promise<DocumentValidation> {
  checkInput(rules, { fields: input.fields });
  const anchors = anchorsOf(input.fields);
  if (anchors.length === 0) return validate(context, input);
  using files = filesInMemory(context);
  const file = await holdFile(context, files, input.file);
  const contents = await contentsOf(context, file, anchors.map(queryOf));
  const [fields] = resolveFields([{ fields: input.fields ?? [], contents, path: ['fields'] }]);
  return await validate(context, { file: file.upload, fields });
}

function validate(
  { upstream, events, limits, signal }: GatewayContext,
  { file, fields }: ValidateDocumentInput,
): Promise<DocumentValidation> {
  const pdf = readPdf(file, { maxBytes: limits.maxUploadBytes, signal });
  const validation = withUploadEvents(events, pdf, async (counted) => {
    using started = await StartedPdf.from(counted);
    return await validateUpstream(upstream, { pdf: started, fields: fields?.map(wireFieldOf) }, { signal });
  });
  return translatedUpload(validation);
}
