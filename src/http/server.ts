import { randomUUID } from 'node:crypto';
import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { errorBody } from './answer.ts';
import type { Refusal } from './answer.ts';

/** Timeouts for clients, in milliseconds. */
export interface ClientTimes {
  /** From the connection, or the end of the previous answer, to the end of a request's headers. @default 10 000 */
  readonly headers: number;
  /** For a body without files. @default 20 000 */
  readonly body: number;
  /** For a whole request with its files: slightly longer than the lifetime of a pre-signed upload URL. @default 20 minutes */
  readonly request: number;
  /** How long a client may leave the rest of an answer unread. @default 30 000 */
  readonly unread: number;
  /** Between two requests: longer than proxies usually keep a connection, so that they close it first. @default 65 000 */
  readonly idle: number;
  /** The interval at which the server checks these timeouts. @default 1 000 */
  readonly checkEvery: number;
}

export const CLIENT_TIMES: ClientTimes = {
  headers: 10_000,
  body: 20_000,
  request: 20 * 60_000,
  unread: 30_000,
  idle: 65_000,
  checkEvery: 1_000,
};

/** The limit of the request line and all headers; beyond it Node answers 431. */
const MAX_HEADER_BYTES = 16 * 1024;
/** The average speed at which the rest of an answered request must arrive, as for uploads. */
const MIN_BYTES_PER_MS = 1;

export function createHttpServer(listener: RequestListener, times: ClientTimes): Server {
  const handle: RequestListener = (req, res) => {
    expectRestOfRequest(req, res, times.body);
    expectReader(res, times.unread);
    listener(req, res);
  };
  const server = createServer(
    {
      headersTimeout: times.headers,
      requestTimeout: times.request,
      keepAliveTimeout: times.idle,
      connectionsCheckingInterval: times.checkEvery,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Of two `Authorization` headers Node would take the first, and a proxy in front perhaps the second.
      joinDuplicateHeaders: true,
      // `readTarget` refuses a missing Host with an error body; Node would send none.
      requireHostHeader: false,
    },
    handle,
  );
  // Unknown expectations may be ignored (RFC 9110, section 10.1.1); Node would answer 417 without a body.
  return server.on('checkExpectation', handle);
}

/**
 * Closes the connection of a client that has its answer and sends the rest of its request too slowly. Node keeps reading
 * for such clients, because many write everything before they read. A byte now and then would keep the connection of a
 * refused client open until the timeout for whole requests.
 *
 * @param graceMs the time in which no bytes are required
 */
function expectRestOfRequest(req: IncomingMessage, res: ServerResponse, graceMs: number): void {
  // Not `once`, which makes two objects more for each request: it happens only once anyway.
  res.on('finish', () => {
    if (req.complete) return;
    const { socket } = req;
    const bytesBefore = socket.bytesRead;
    const startedAt = performance.now();
    const timer = setInterval(() => {
      if (req.complete) return clearInterval(timer);
      const expectedBytes = (performance.now() - startedAt - graceMs) * MIN_BYTES_PER_MS;
      if (socket.bytesRead - bytesBefore < expectedBytes) socket.destroy();
    }, graceMs);
    req.once('close', () => clearInterval(timer));
  });
}

/**
 * Closes the connection of a client that reads nothing of a written answer for `stallMs`: the rest would stay in memory
 * for as long as the client likes. Event streams have their own timeout.
 */
function expectReader(res: ServerResponse, stallMs: number): void {
  // The answer is written but not yet taken by the system. When it is, Node sets the timeout of idle connections.
  res.on('prefinish', () => res.socket?.setTimeout(stallMs));
}

/** A server of this process cannot listen. The message and the code are those of the system, such as EADDRINUSE. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly server: 'gateway' | 'metrics' | 'sandbox';
  readonly code: string;

  constructor(server: ListenError['server'], cause: unknown) {
    super(cause instanceof Error ? cause.message : 'unknown', { cause });
    this.server = server;
    this.code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  }
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Other processes may listen there too, and the system distributes the connections. Linux only. @default false */
  readonly reusePort?: boolean;
}

/** @returns the port, which the system chooses for port 0. @throws {ListenError} */
export async function listen(
  server: Server,
  { host, port, reusePort = false }: ListenAddress,
  name: ListenError['server'] = 'gateway',
): Promise<number> {
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  // `exclusive`: a worker of `node:cluster` would otherwise let its primary listen.
  server.listen({ port, host, reusePort, exclusive: true }, listening.resolve);
  await listening.promise.catch((cause: unknown) => {
    throw new ListenError(name, cause);
  });
  server.off('error', listening.reject);
  // A TCP server's address is an `AddressInfo`; strings and null are for pipes and closed servers.
  return (server.address() as AddressInfo).port;
}

/** The origin by which this machine reaches the server. */
export function originOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://localhost:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

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
