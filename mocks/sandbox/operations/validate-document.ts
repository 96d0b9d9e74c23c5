import { decodeFields } from '../decoding/document-metadata.ts';
import { filesToValidate } from '../decoding/multipart.ts';
import { valueOrRefuse } from '../decoding/types.ts';
import { PdfUnfinishedError } from '../pdf/pdf-threads.ts';
import { badRequest, internalError, success, uncaughtFailure, validationProblem } from '../http/problems.ts';
import type { Operation } from './operation.ts';

/** Validates a PDF as after an upload, without storing it. A PDF that cannot be opened is a 500, not a violation. */
export const validateDocument: Operation = async (call, world) => {
  const files = filesToValidate(call.headers['content-type'], call.bytes);
  if (files === undefined) {
    throw badRequest(
      'missing files: the pdf document to be validated and a json document containing the signature fields',
    );
  }
  const given = files.fields === undefined ? [] : parseOrRefuse(files.fields);
  const fields = valueOrRefuse(decodeFields(given, world.profile.clauseTitleMaxLength));

  const verdict = await world.pdfs.verdictOn(files.pdf, fields).catch((error: unknown) => {
    throw error instanceof PdfUnfinishedError ? uncaughtFailure() : error;
  });
  switch (verdict.kind) {
    case 'unreadable':
      throw internalError(verdict.errorClass);
    case 'unusable':
      throw validationProblem(verdict.violations);
    case 'read': {
      // The service splits one text into lines, so a line end in the title of a clause splits its violation.
      const violations = verdict.problem?.split('\n');
      return success(200, violations === undefined ? { is_valid: true } : { is_valid: false, violations });
    }
  }
};

/** Unlike a JSON body, this part must not begin with a byte order mark. */
function parseOrRefuse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    throw badRequest('unable to get the signature fields: the given file is not a valid json file');
  }
}
