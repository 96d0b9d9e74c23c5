import type { IncomingHttpHeaders } from 'node:http';
import type { Blob } from './blob-store.ts';
import { StorageError } from './storage-error.ts';

/**
 * Checks `If-Match` and `If-None-Match` of a write.
 * @throws StorageError if the existing blob, or its absence, does not satisfy them
 */
export function checkWriteConditions(headers: IncomingHttpHeaders, blob: Blob | undefined): void {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (noneMatch === '*' && blob !== undefined) {
    throw new StorageError(409, 'BlobAlreadyExists', 'The specified blob already exists.');
  }
  if (match !== undefined && !matchesEtag(match, blob)) throw conditionNotMet(412);
  if (noneMatch !== undefined && blob !== undefined && matchesEtag(noneMatch, blob))
    throw conditionNotMet(412);
}

/** @throws StorageError 304 if the client already has the blob, 412 if `If-Match` does not match */
export function checkReadConditions(headers: IncomingHttpHeaders, blob: Blob): void {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (match !== undefined && !matchesEtag(match, blob)) throw conditionNotMet(412);
  if (noneMatch !== undefined && matchesEtag(noneMatch, blob)) throw conditionNotMet(304);
}

function matchesEtag(header: string, blob: Blob | undefined): boolean {
  return blob !== undefined && (header === '*' || header === blob.etag);
}

function conditionNotMet(status: 304 | 412): StorageError {
  return new StorageError(
    status,
    'ConditionNotMet',
    'The condition specified using HTTP conditional header(s) is not met.',
  );
}
