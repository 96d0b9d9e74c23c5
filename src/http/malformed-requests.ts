import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Of errors of Node's parser and its clock. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'HEADERS_TOO_LARGE',
    message: 'The address and the headers are too long. Send the operation by POST, and fewer headers.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: 'REQUEST_ENTITY_TOO_LARGE',
    message: 'The chunks of the body have extensions that are too long. Send it without.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'REQUEST_TIMEOUT',
    message: 'The request did not arrive in time. Send it again.',
  },
};
/** For all others. */
const NO_HTTP: Refusal = {
  status: 400,
  code: 'BAD_REQUEST',
  message: 'This is no request that can be read as HTTP/1.1.',
};
/** Nothing was wrong with what was sent: whoever sent it is gone. */
const GONE: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'];

/**
 * Answers what is no HTTP, or too long or too late for it, with the status that Node would give, and has a line of it in
 * the log. Node would say no more, and have none. Nothing of what was sent is in either.
 */
export function refuseBadHttp(server: Server, logger: Logger): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (req, res) => latest.set(req.socket, res));
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
    const { status, code: errorCode, message } = REFUSALS[code ?? ''] ?? NO_HTTP;
    const requestId = randomUUID();
    if (!GONE.includes(code))
      logger.info({ requestId, outcome: 'refused', errors: [errorCode], status, code }, 'request');
    // Of an answer that has begun it would become a part.
    const res = latest.get(socket);
    const canAnswer = socket.writable && (res === undefined || res.writableFinished || !res.headersSent);
    if (!canAnswer) return void socket.destroy();
    const body = JSON.stringify({ errors: [{ message, extensions: { code: errorCode, requestId } }] });
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${requestId}`,
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  });
}
