import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { errorBody } from './error-response.ts';
import type { Refusal } from './error-response.ts';

/** By the code of the error of Node's parser or its timers. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'HEADERS_TOO_LARGE',
    message: 'The URL and the headers are too long. Send the operation by POST, and fewer headers.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: 'REQUEST_ENTITY_TOO_LARGE',
    message: 'The chunk extensions of the body are too long. Send the body without them.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'REQUEST_TIMEOUT',
    message: 'The request did not arrive in time. Send it again.',
  },
};
/** For all other errors. */
const NOT_HTTP: Refusal = {
  status: 400,
  code: 'BAD_REQUEST',
  message: 'The request is not valid HTTP/1.1.',
};
/** The client has left; its request was not wrong. */
const CLIENT_LEFT: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'];

/**
 * Answers requests that are malformed, too large or too late with the status that Node would give, and logs a line for
 * each. Node would send no body and log nothing. Neither contains anything that the client sent.
 */
export function refuseMalformedRequests(server: Server, logger: Logger): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (req, res) => latest.set(req.socket, res));
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
    const refusal = REFUSALS[code ?? ''] ?? NOT_HTTP;
    const { status } = refusal;
    const requestId = randomUUID();
    if (!CLIENT_LEFT.includes(code))
      logger.info({ requestId, outcome: 'refused', errors: [refusal.code], status, code }, 'request');
    // It would become a part of an answer that has begun.
    const res = latest.get(socket);
    const canAnswer = socket.writable && (res === undefined || res.writableFinished || !res.headersSent);
    if (!canAnswer) return void socket.destroy();
    const body = errorBody(refusal, requestId);
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
