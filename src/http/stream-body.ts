import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const bodies = new WeakMap<ServerResponse, Readable>();

/**
 * Has the answer to this request sent with this stream as its body, whatever body the `Response` has. Yoga's adapter sends
 * streams too, but goes on reading when the client has left, or waits for it for ever.
 */
export function streamBody(res: ServerResponse, body: Readable): void {
  bodies.set(res, body);
}

export function streamedBodyOf(res: ServerResponse): Readable | undefined {
  return bodies.get(res);
}

/** For how long nothing may move, neither from the one side nor to the other. */
const STALL_MS = 30_000;

/**
 * Sends an answer as its body comes, no faster than the client takes it. Status and headers are those of the `Response`.
 * @throws when the body breaks off, the client leaves, or nothing moves for a while; the connection is closed then, so that
 * nobody takes what came for the whole.
 */
export async function sendStream(
  response: Response,
  body: Readable,
  res: ServerResponse,
  { stallMs = STALL_MS }: { readonly stallMs?: number | undefined } = {},
): Promise<void> {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), stallMs);
  async function* watched(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      timer.refresh();
      yield chunk;
      timer.refresh();
    }
  }
  try {
    res.writeHead(response.status, Object.fromEntries(response.headers));
    await pipeline(body, watched, res, { signal: stalled.signal });
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}
