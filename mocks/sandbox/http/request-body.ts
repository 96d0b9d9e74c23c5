import type { IncomingMessage } from 'node:http';

/** Approximate limit of the Functions host of the service. */
const MAX_BODY_BYTES = 100 * 1_024 * 1_024;

/**
 * The complete body, or undefined if it exceeds the limit of the service.
 * @throws Error if the connection breaks before the end
 */
export async function readRequestBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Without an encoding, a request yields buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

/** A body as text, without a byte order mark. */
export function textOf(bytes: Buffer): string {
  return new TextDecoder().decode(bytes);
}

/** The value of a JSON body. Undefined if it is not JSON. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    return undefined;
  }
}
