import type { IncomingMessage } from 'node:http';

/** The Functions host of the service takes about this much. */
const MAX_BODY_BYTES = 100 * 1_024 * 1_024;

/**
 * The whole body, or undefined when it is larger than the service takes.
 * @throws Error when the connection breaks before the end
 */
export async function readRequestBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  // A request yields buffers unless an encoding is set, and throws when its connection breaks off.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

/** A body as text. A byte order mark at its beginning is no part of it. */
export function textOf(bytes: Buffer): string {
  return new TextDecoder().decode(bytes);
}

/** The value of a JSON body, or undefined when it is not JSON. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    return undefined;
  }
}
