import { decodeFields } from '../decoding/document-metadata.ts';
import { filesToValidate } from '../decoding/multipart.ts';
import { orRefuse } from '../decoding/types.ts';
import { violationsOfPdf } from '../pdf.ts';
import { badRequest, internalError, success } from '../problems.ts';
import type { Operation } from './operation.ts';

/** Checks like those after an upload; nothing is stored. A PDF that cannot be opened is a 500, not a verdict. */
export const validateDocument: Operation = async (call, world) => {
  const files = filesToValidate(call.headers['content-type'], call.bytes);
  if (files === undefined) {
    throw badRequest(
      'missing files: the pdf document to be validated and a json document containing the signature fields',
    );
  }
  const given = files.fields === undefined ? [] : parseOrRefuse(files.fields);
  const fields = orRefuse(decodeFields(given, world.profile.clauseTitleMaxLength));

  const violations = await violationsOfPdf(files.pdf, fields).catch((error: unknown) => {
    // pdf-lib's errors are all of the class Error once compiled; the service shows the class alone.
    if (error instanceof Error) throw internalError('Error');
    throw error;
  });
  if (violations.length === 0) return success(200, { is_valid: true });
  // The service takes the lines of one text for violations, so a line end in the title of a clause makes two of one.
  return success(200, { is_valid: false, violations: violations.join('\n').split('\n') });
};

/** Unlike a body that is JSON itself, this must not begin with a byte order mark. */
function parseOrRefuse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    throw badRequest('unable to get the signature fields: the given file is not a valid json file');
  }
}
