import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { StorageError } from './storage-error.ts';

/** @throws StorageError 411 for a body of unknown length, also a chunked one */
export function requireLength(request: IncomingMessage): number {
  const length = request.headers['content-length'];
  if (length === undefined) {
    throw new StorageError(411, 'MissingContentLengthHeader', 'The Content-Length header was not specified.');
  }
  return Number(length);
}

/** @throws Error when the connection breaks before the end, StorageError when the content is not what its MD5 says */
export async function readBody(
  request: IncomingMessage,
): Promise<{ chunks: Buffer[]; md5: string; size: number }> {
  const chunks: Buffer[] = [];
  const hash = createHash('md5');
  let size = 0;
  // A request yields buffers unless an encoding is set, and throws when its connection breaks off.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    hash.update(chunk);
    size += chunk.length;
  }
  const md5 = hash.digest('base64');
  const claimed = request.headers['content-md5'];
  if (claimed !== undefined && claimed !== md5) {
    const message =
      'The MD5 value specified in the request did not match with the MD5 value calculated by the server.';
    throw new StorageError(400, 'Md5Mismatch', message, {
      UserSpecifiedMd5: String(claimed),
      ServerCalculatedMd5: md5,
    });
  }
  return { chunks, md5, size };
}
