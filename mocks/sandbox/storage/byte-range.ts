import type { IncomingHttpHeaders } from 'node:http';
import { StorageError } from './storage-error.ts';

/** First and last byte, inclusive. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The requested range of a blob, limited to its end. `x-ms-range` takes precedence over `Range`. Formats that Azure does
 * not document, such as a suffix, select the whole blob.
 * @throws StorageError 416 if the range begins after the end
 */
export function rangeOf(headers: IncomingHttpHeaders, size: number): ByteRange | undefined {
  const header = headers['x-ms-range']?.toString() ?? headers.range ?? '';
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header) ?? [];
  if (first === undefined) return undefined;
  if (Number(first) >= size) {
    throw new StorageError(
      416,
      'InvalidRange',
      'The range specified is invalid for the current size of the resource.',
      {},
      { 'content-range': `bytes */${size}` },
    );
  }
  return { first: Number(first), last: Math.min(last ? Number(last) : Infinity, size - 1) };
}
