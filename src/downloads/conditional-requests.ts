import type { RequestHeaders } from '../auth/headers.ts';
import type { BlobFacts } from '../upstream/storage/blobs.ts';

/** The conditional headers of a request (RFC 9110, section 13.1). */
export interface Conditions {
  readonly ifMatch: string | null;
  readonly ifNoneMatch: string | null;
  readonly ifModifiedSince: string | null;
  readonly ifUnmodifiedSince: string | null;
  readonly ifRange: string | null;
}

export function conditionsOf(headers: RequestHeaders): Conditions {
  return {
    ifMatch: headers.get('if-match'),
    ifNoneMatch: headers.get('if-none-match'),
    ifModifiedSince: headers.get('if-modified-since'),
    ifUnmodifiedSince: headers.get('if-unmodified-since'),
    ifRange: headers.get('if-range'),
  };
}

type Facts = Pick<BlobFacts, 'etag' | 'lastModified'>;

/**
 * Evaluates the conditions in the order of RFC 9110, section 13.2.2. The storage supports some of these headers in a
 * different form, so they are evaluated here.
 */
export function statusFor(conditions: Conditions, facts: Facts): 200 | 304 | 412 {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  const modifiedAt = timeOf(facts.lastModified);
  if (ifMatch !== null) {
    if (!names(ifMatch, facts.etag, isSameStrong)) return 412;
  } else if (ifUnmodifiedSince !== null) {
    const since = timeOf(ifUnmodifiedSince);
    if (since !== undefined && modifiedAt !== undefined && modifiedAt > since) return 412;
  }
  if (ifNoneMatch !== null) return names(ifNoneMatch, facts.etag, isSameWeak) ? 304 : 200;
  const since = timeOf(ifModifiedSince);
  return since !== undefined && modifiedAt !== undefined && modifiedAt <= since ? 304 : 200;
}

/** `If-Range` (section 13.1.5): whether the requested part belongs to the file of which the client has another part. */
export function isRangeOf({ ifRange }: Conditions, facts: Facts): boolean {
  if (ifRange === null) return true;
  if (ifRange.includes('"')) return facts.etag !== undefined && isSameStrong(ifRange.trim(), facts.etag);
  // An exact match of the date. Its precision is one second, in which a file could change twice; signed files never change.
  const at = timeOf(ifRange);
  return at !== undefined && at === timeOf(facts.lastModified);
}

function names(header: string, etag: string | undefined, isSame: (a: string, b: string) => boolean): boolean {
  if (header.trim() === '*') return true;
  if (etag === undefined) return false;
  const listed = header.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return listed.some((tag) => isSame(tag, etag));
}

const isSameStrong = (a: string, b: string): boolean => a === b && !a.startsWith('W/');
const isSameWeak = (a: string, b: string): boolean => a.replace(/^W\//, '') === b.replace(/^W\//, '');

function timeOf(date: string | null | undefined): number | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/** Bytes of a file: from `first` to `last` inclusive or to the end, or the last `suffix` bytes. */
export type ByteRange =
  { readonly first: number; readonly last: number | undefined } | { readonly suffix: number };

/**
 * Parses a `Range` with one range of bytes (RFC 9110, section 14.1.2). Undefined for anything else, including several ranges:
 * the server then sends the whole file, as the RFC allows.
 */
export function byteRangeOf(header: string | null): ByteRange | undefined {
  const [, first, last] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') return { suffix: Number(last) };
  const range = { first: Number(first), last: last === '' ? undefined : Number(last) };
  return range.last !== undefined && range.last < range.first ? undefined : range;
}

/**
 * The range in the form of the storage, which does not support suffix ranges: these need the size of the file.
 * @returns undefined when the range contains no byte of the file
 */
export function storageRangeOf(range: ByteRange, size: number | undefined): string | undefined {
  if ('suffix' in range) {
    if (range.suffix === 0 || size === undefined || size === 0) return undefined;
    return `bytes=${Math.max(0, size - range.suffix)}-${size - 1}`;
  }
  if (size !== undefined && range.first >= size) return undefined;
  return `bytes=${range.first}-${range.last ?? ''}`;
}
