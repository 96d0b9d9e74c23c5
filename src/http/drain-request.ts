import type { IncomingMessage, ServerResponse } from 'node:http';

/** On average, as for uploads while somebody waits for them. */
const LEAST_BYTES_PER_MS = 1;

/**
 * Closes the connection of a client that has its answer and sends next to nothing of the rest of its request. Node reads
 * on for such clients, because many write everything before they read; of whoever was refused at the door nobody else
 * looks at what comes, and a byte now and then would keep the connection open until the time for whole requests is up.
 *
 * @param graceMs time in which nothing need come
 */
export function expectRestOf(req: IncomingMessage, res: ServerResponse, graceMs: number): void {
  res.once('finish', () => {
    if (req.complete) return;
    const { socket } = req;
    const bytesBefore = socket.bytesRead;
    const beganAt = performance.now();
    const timer = setInterval(() => {
      if (req.complete) return clearInterval(timer);
      const owedBytes = (performance.now() - beganAt - graceMs) * LEAST_BYTES_PER_MS;
      if (socket.bytesRead - bytesBefore < owedBytes) socket.destroy();
    }, graceMs);
    req.once('close', () => clearInterval(timer));
  });
}
