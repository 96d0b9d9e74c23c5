import { decodeOrRefuse } from '../decoding/bodies.ts';
import { signatureFields, violationsOfFields } from '../decoding/document-metadata.ts';
import { boundaryOf, partsOf } from '../decoding/multipart.ts';
import { violationsOfPdf } from '../pdf.ts';
import { badRequest, internalError, success, validationProblem } from '../problems.ts';
import type { Operation } from './operation.ts';

/** Checks like those after an upload; nothing is stored. A PDF that cannot be opened is a 500, not a verdict. */
export const validateDocument: Operation = async (call, world) => {
  const parts = partsOf(call.bytes, boundaryOf(call.headers['content-type']));
  const pdf = parts?.find(({ type }) => type === 'application/pdf');
  const json = parts?.find(({ type }) => type === 'application/json');
  const expected = json === undefined ? 1 : 2;
  if (pdf === undefined || parts?.length !== expected) {
    throw badRequest(
      'missing files: the pdf document to be validated and a json document containing the signature fields',
    );
  }

  const fields = decodeOrRefuse(signatureFields, json === undefined ? [] : fieldsOrRefuse(json.data));
  const refusals = violationsOfFields(fields, world.profile.clauseTitleMaxLength);
  if (refusals.length > 0) throw validationProblem(refusals);

  const violations = await violationsOfPdf(pdf.data, fields).catch((error: unknown) => {
    // pdf-lib's errors are all of the class Error once compiled; the service shows the class alone.
    if (error instanceof Error) throw internalError('Error');
    throw error;
  });
  return success(200, violations.length === 0 ? { is_valid: true } : { is_valid: false, violations });
};

function fieldsOrRefuse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    throw badRequest('unable to get the signature fields: the given file is not a valid json file');
  }
}
