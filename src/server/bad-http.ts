import { STATUS_CODES } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';

/** Of errors of Node's parser and its clock; 400 is for all others. */
const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
/** Nothing was wrong with what was sent: whoever sent it is gone. */
const GONE: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'];

/**
 * Answers what is no HTTP, or too long or too late for it, as Node would by itself, and has a line of it in the log, which
 * Node would not. Nothing of what was sent is in it.
 */
export function refuseBadHttp(server: Server, logger: Logger): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (req, res) => latest.set(req.socket, res));
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
    const status = STATUSES[code ?? ''] ?? 400;
    if (!GONE.includes(code)) logger.info({ outcome: 'refused', errors: [], status, code }, 'request');
    // Of an answer that has begun it would become a part.
    const res = latest.get(socket);
    const canAnswer = socket.writable && (res === undefined || res.writableFinished || !res.headersSent);
    if (!canAnswer) return void socket.destroy();
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`, () =>
      socket.destroy(),
    );
  });
}
