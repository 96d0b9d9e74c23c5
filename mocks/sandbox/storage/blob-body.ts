import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { StorageError } from './storage-error.ts';

/** @throws StorageError 411 for a body of unknown length, including chunked bodies */
export function requireLength(request: IncomingMessage): number {
  const length = request.headers['content-length'];
  if (length === undefined) {
    throw new StorageError(411, 'MissingContentLengthHeader', 'The Content-Length header was not specified.');
  }
  return Number(length);
}

const MD5_BYTES = 16;

/** Size and digest of a body, without its content. */
export interface BodyDigest {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

const digests = new WeakMap<IncomingMessage, BodyDigest>();

/** The body of a call. Undefined until it has been read completely. */
export function digestOf(request: IncomingMessage): BodyDigest | undefined {
  return digests.get(request);
}

/**
 * @param md5Headers headers that can contain the MD5 of the content
 * @throws Error if the connection breaks before the end, StorageError if the content does not match its MD5
 */
export async function readBody(
  request: IncomingMessage,
  md5Headers: readonly string[] = ['content-md5'],
): Promise<{ chunks: Buffer[]; md5: string; size: number }> {
  const chunks: Buffer[] = [];
  const hash = createHash('md5');
  const { bytes } = await receive(request, (chunk) => {
    chunks.push(chunk);
    hash.update(chunk);
  });
  const md5 = hash.digest('base64');
  for (const header of md5Headers) checkMd5(request.headers[header]?.toString(), md5);
  return { chunks, md5, size: bytes };
}

function checkMd5(claimed: string | undefined, md5: string): void {
  if (claimed === undefined || claimed === md5) return;
  if (Buffer.from(claimed, 'base64').length !== MD5_BYTES) {
    throw new StorageError(
      400,
      'InvalidMd5',
      'The MD5 value specified in the request is invalid. The MD5 value must be 128 bits and Base64-encoded.',
    );
  }
  const message =
    'The MD5 value specified in the request did not match with the MD5 value calculated by the server.';
  throw new StorageError(400, 'Md5Mismatch', message, {
    UserSpecifiedMd5: claimed,
    ServerCalculatedMd5: md5,
  });
}

/** @throws Error if the connection breaks before the end */
export async function discardBody(request: IncomingMessage): Promise<void> {
  await receive(request, () => {});
}

async function receive(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<BodyDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  // Without an encoding, a request yields buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    take(chunk);
    hash.update(chunk);
    bytes += chunk.length;
  }
  const digest = { bytes, sha256: hash.digest('hex') };
  digests.set(request, digest);
  return digest;
}
