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
