import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expectRestOf } from './drain-request.ts';
import { expectReader } from './response-timeout.ts';

/** How long clients may take, in milliseconds. */
export interface ClientTimes {
  /** From the connection, or the end of the answer before, to the end of a request's headers. @default 10 000 */
  readonly headers: number;
  /** For a body that is no upload. @default 20 000 */
  readonly body: number;
  /** For a whole request with its files: as long as an upload address lives, and a little. @default 20 minutes */
  readonly request: number;
  /** For which nothing is read of an answer that waits to be read. @default 30 000 */
  readonly unread: number;
  /** Between two requests: longer than proxies commonly keep a connection, so that it is they who end it. @default 65 000 */
  readonly idle: number;
  /** How often the server looks. @default 1 000 */
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

/** Of the request line and all headers; beyond it Node answers 431. */
const MAX_HEADER_BYTES = 16 * 1024;

export function createHttpServer(listener: RequestListener, times: ClientTimes): Server {
  const take: RequestListener = (req, res) => {
    expectRestOf(req, res, times.body);
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
      // Of two `Authorization` headers Node would take the first, and a proxy in front perhaps the other.
      joinDuplicateHeaders: true,
      // `withReadableAddress` refuses it, and says so; Node would not say anything.
      requireHostHeader: false,
    },
    take,
  );
  // What nobody knows may be passed over (RFC 9110, section 10.1.1); Node would answer 417 and nothing else.
  return server.on('checkExpectation', take);
}

/** One of the servers of this process cannot listen. The message and the code are the system's: EADDRINUSE, … */
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

/** @returns the port, which the system has chosen if 0 was asked for. @throws {ListenError} */
export async function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  name: ListenError['server'] = 'gateway',
): Promise<number> {
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(port, host, listening.resolve);
  await listening.promise.catch((cause: unknown) => {
    throw new ListenError(name, cause);
  });
  server.off('error', listening.reject);
  // A TCP server's address is an `AddressInfo`; strings and null are for pipes and closed servers.
  return (server.address() as AddressInfo).port;
}

/** The address to reach it by from this machine. */
export function originOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://localhost:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
