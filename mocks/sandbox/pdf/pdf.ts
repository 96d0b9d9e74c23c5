import { isLeft } from 'fp-ts/lib/Either.js';
import { failure } from 'io-ts/lib/PathReporter.js';
import type { TypeOf } from 'io-ts';
import type { SignatureField } from '../decoding/document-metadata.ts';
import { pdfMetadata } from '../decoding/records.ts';
import type { PdfContents, Unreadable } from './read-pdf.ts';

/** The result of validating a PDF. */
export type PdfVerdict =
  /** The problem, in the words of the service (including its misspelling). Undefined if the PDF is valid. */
  | { readonly kind: 'read'; readonly problem: string | undefined }
  /** The PDF has data that the service cannot store, such as a page of a negative size. */
  | { readonly kind: 'unusable'; readonly violations: readonly string[] }
  | Unreadable;

/**
 * Validates a PDF against signature fields as the service does. It does not check page count, size, PDF/A or existing
 * signatures.
 */
export function verdictOn(
  bytes: Uint8Array,
  contents: PdfContents,
  fields: readonly SignatureField[],
): PdfVerdict {
  if (contents.kind === 'unreadable') return contents;
  const metadata = pdfMetadata.decode(contents);
  if (isLeft(metadata)) return { kind: 'unusable', violations: failure(metadata.left) };
  // pdf-lib accepts bytes before the header, but the service does not.
  if (Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== '%PDF') {
    return {
      kind: 'read',
      problem: 'the uploaded document has an invalid file signature (not a valid PDF)',
    };
  }
  const problems = fields.flatMap((field) => problemOf(field, metadata.right) ?? []);
  return { kind: 'read', problem: problems.length === 0 ? undefined : problems.join('\n') };
}

/** The reason for rejecting an uploaded file. Undefined if it is valid. */
export function rejectReasonOf(verdict: PdfVerdict): string | undefined {
  switch (verdict.kind) {
    case 'read':
      return verdict.problem;
    case 'unusable':
      return 'Failed to extract metadata from pdf file!';
    case 'unreadable':
      return verdict.message;
  }
}

function problemOf(
  { clause, attrs }: SignatureField,
  { formFields, pages }: TypeOf<typeof pdfMetadata>,
): string | undefined {
  if ('unique_name' in attrs) {
    if (formFields.some(({ name }) => name === attrs.unique_name)) return undefined;
    return `(${clause.title}) the field "${attrs.unique_name}" was not found is the uploaded document`;
  }
  const page = pages.find(({ number }) => number === attrs.page);
  if (page === undefined) {
    return `(${clause.title}) incompatible coordinates: unable to find page ${attrs.page} in the uploaded document`;
  }
  // In points from the top left. A negative x or y is accepted, but touching the far edge is not.
  const fits =
    attrs.coordinates.x + attrs.size.w < page.width && attrs.coordinates.y + attrs.size.h < page.height;
  return fits
    ? undefined
    : `(${clause.title}) incompatible coordinates: they can't fit in the uploaded document`;
}
