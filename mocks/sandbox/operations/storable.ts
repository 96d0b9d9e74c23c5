import type { DocumentMetadata } from '../decoding/document-metadata.ts';
import { internalError } from '../http/problems.ts';

const LAST_TIME = Date.parse('9999-12-31T23:59:59.999Z');

/** @throws Refusal 500 of the database for a record that is not {@link isStorable} */
export function checkStorable(documents: readonly DocumentMetadata[], latest: number): void {
  if (!isStorable(documents, latest)) throw internalError('CosmosDatabaseError');
}

/**
 * The service reads each record back after writing it. A number that JSON cannot represent becomes null, and its decoder
 * refuses a date with a five-digit year.
 */
export function isStorable(documents: readonly DocumentMetadata[], latest: number): boolean {
  const attributes = documents.flatMap(({ signature_fields }) => signature_fields.map(({ attrs }) => attrs));
  const numbers = attributes.flatMap((attrs) =>
    'unique_name' in attrs
      ? []
      : [attrs.coordinates.x, attrs.coordinates.y, attrs.page, attrs.size.w, attrs.size.h],
  );
  return numbers.every(Number.isFinite) && latest <= LAST_TIME;
}
