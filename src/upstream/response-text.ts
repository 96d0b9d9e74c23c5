import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import type { BrotliOptions, ZlibOptions, ZstdOptions } from 'node:zlib';

type Decompress = (data: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

/** Names of RFC 9110, section 8.4.1, and RFC 8878. */
const DECODERS: Readonly<Record<string, Decompress>> = {
  gzip: promisify<Buffer, ZlibOptions, Buffer>(gunzip),
  'x-gzip': promisify<Buffer, ZlibOptions, Buffer>(gunzip),
  deflate: promisify<Buffer, ZlibOptions, Buffer>(inflate),
  br: promisify<Buffer, BrotliOptions, Buffer>(brotliDecompress),
  zstd: promisify<Buffer, ZstdOptions, Buffer>(zstdDecompress),
  identity: (data) => Promise.resolve(data),
};

const utf8 = new TextDecoder(); // drops a byte order mark

/** The text of a body without a content coding. */
export function plainTextOf(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/**
 * Decodes the text of a body. The gateway requests `identity`, but some proxies compress anyway.
 * @throws {TypeError} for an unknown coding.
 * @throws {RangeError} for a body of more than `maxBytes` once decoded.
 */
export async function decodedTextOf(
  bytes: Uint8Array,
  contentEncoding: string | undefined,
  maxBytes: number,
): Promise<string> {
  // Codings are listed in the order of their application.
  const codings = (contentEncoding ?? '').split(',').map((name) => name.trim().toLowerCase());
  let decoded: Buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const coding of codings.filter((name) => name !== '').reverse()) {
    const decode = DECODERS[coding];
    if (decode === undefined) throw new TypeError(`unknown Content-Encoding ${coding.slice(0, 20)}`);
    decoded = await decode(decoded, { maxOutputLength: maxBytes });
  }
  return plainTextOf(decoded);
}
