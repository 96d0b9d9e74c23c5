import { RefusalError } from '../../http/error-response.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  readonly bodyMs: number;
}

/**
 * Reads a body as text, within its limit and its time. It trusts the announced length, because Node's HTTP parser enforces
 * it, and counts only a body without one.
 *
 * @returns the function that reads the body
 * @throws {RefusalError} at once for an announced length above the limit
 */
export function readBody(request: Request, { maxBytes, bodyMs }: BodyLimits): () => Promise<string> {
  const { body, headers } = request;
  const announced = headers.get('content-length');
  if (body !== null && announced !== null && !(Number(announced) <= maxBytes)) throw tooLarge(maxBytes);
  return async () => {
    if (body === null) return '';
    const late = Promise.withResolvers<never>();
    // A client that sends a byte now and then would keep the connection open.
    const timer = setTimeout(() => late.reject(tooSlow(bodyMs)), bodyMs);
    try {
      const text = announced === null ? readAtMost(body, maxBytes) : request.text();
      return await Promise.race([text, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Leaves the rest of the body unread: cancelling the stream would close the connection before the answer. */
async function readAtMost(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  const reader = body.getReader();
  for (let bytes = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks).toString();
    bytes += value.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(value);
  }
}

const tooLarge = (maxBytes: number): RefusalError =>
  new RefusalError({
    status: 413,
    code: 'REQUEST_ENTITY_TOO_LARGE',
    message: `The body is larger than ${maxBytes.toLocaleString('en')} bytes. Send files as multipart/form-data.`,
  });

const tooSlow = (milliseconds: number): RefusalError =>
  new RefusalError({
    status: 408,
    code: 'REQUEST_TIMEOUT',
    message: `The body did not arrive within ${milliseconds / 1000} s. Send it again.`,
    headers: { connection: 'close' },
  });
