/** Bytes of a file: from one to another, both included, or to the end; or so many at the end. */
export type ByteRange =
  { readonly first: number; readonly last: number | undefined } | { readonly suffix: number };

/**
 * `Range` with one range of bytes (RFC 9110, section 14.1.2). Undefined for everything else, several ranges included: a
 * server may send the whole file then, and does.
 */
export function byteRangeOf(header: string | null): ByteRange | undefined {
  const [, first, last] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') return { suffix: Number(last) };
  const range = { first: Number(first), last: last === '' ? undefined : Number(last) };
  return range.last !== undefined && range.last < range.first ? undefined : range;
}

/**
 * The range as the storage takes it, which knows no ranges from the end: for one of those it wants the size of the file.
 * @returns undefined when no byte of the file is in it.
 */
export function storageRangeOf(range: ByteRange, size: number | undefined): string | undefined {
  if ('suffix' in range) {
    if (range.suffix === 0 || size === undefined || size === 0) return undefined;
    return `bytes=${Math.max(0, size - range.suffix)}-${size - 1}`;
  }
  if (size !== undefined && range.first >= size) return undefined;
  return `bytes=${range.first}-${range.last ?? ''}`;
}
