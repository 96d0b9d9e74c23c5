import type { IncomingMessage } from 'node:http';
import { chunkReceived } from './chunk-garbage.ts';

export interface DrainLimits {
  readonly maxBytes: number;
  /** How long no byte may come. Not a limit of the whole: a slow client would lose its answer just for being slow. */
  readonly stallTimeoutMs: number;
}

/**
 * Reads the rest of a request whose answer is out and throws it away, so that a client that writes everything
 * before it reads gets the answer and can use the connection again. Beyond the limits the connection is cut.
 * Node does this only for requests nobody has begun to read, and without limit.
 */
export function drain(req: IncomingMessage, { maxBytes, stallTimeoutMs }: DrainLimits): void {
  if (req.destroyed || req.readableEnded) return;
  const cut = setTimeout(() => req.destroy(), stallTimeoutMs);
  req.once('close', () => clearTimeout(cut));
  // A client that leaves now has nothing to be told.
  req.on('error', () => {});
  let bytes = 0;
  req.unpipe();
  req.on('data', (chunk: Buffer) => {
    chunkReceived(chunk);
    cut.refresh();
    bytes += chunk.length;
    if (bytes > maxBytes) req.destroy();
  });
  // `unpipe` has paused it.
  req.resume();
}
