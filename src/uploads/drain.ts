import type { IncomingMessage } from 'node:http';
import { chunkReceived } from './chunk-garbage.ts';

export interface DrainLimits {
  readonly maxBytes: number;
  /** Longest time without a byte. The total time has no limit, so that a slow client still gets its response. */
  readonly stallTimeoutMs: number;
}

/**
 * Reads and discards the rest of a request that is already answered, so that a client that writes its whole body before
 * it reads gets the response and can reuse the connection. Beyond the limits the connection is closed. Node itself does
 * this only for an unread body, and without limit.
 */
export function drain(req: IncomingMessage, { maxBytes, stallTimeoutMs }: DrainLimits): void {
  if (req.destroyed || req.readableEnded) return;
  const cut = setTimeout(() => req.destroy(), stallTimeoutMs);
  req.once('close', () => clearTimeout(cut));
  // The response is already sent, so a client that disconnects now is not an error.
  req.on('error', () => {});
  let bytes = 0;
  req.unpipe();
  req.on('data', (chunk: Buffer) => {
    chunkReceived(chunk);
    cut.refresh();
    bytes += chunk.length;
    if (bytes > maxBytes) req.destroy();
  });
  // `unpipe` has paused the stream.
  req.resume();
}
