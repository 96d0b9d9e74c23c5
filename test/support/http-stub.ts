import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface StubCall {
  readonly method: string;
  /** Path and query as received. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Answers a call whose body has been read, or leaves it unanswered. */
export type StubHandler = (
  call: StubCall,
  res: ServerResponse,
  req: IncomingMessage,
  nth: number,
) => void | Promise<void>;

/** An HTTP server with handlers of a test, which may violate HTTP. It stops with the test. */
export async function startHttpStub(
  handler: StubHandler,
  tls?: { readonly key: string; readonly cert: string },
) {
  const calls: StubCall[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of req) chunks.push(chunk);
    } catch {
      return; // an aborted request is not a call
    }
    const { method = '', url: path = '', headers } = req;
    const call = { method, path, headers, body: Buffer.concat(chunks) };
    calls.push(call);
    await handler(call, res, req, calls.length);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(stop);
  return {
    origin: `http://127.0.0.1:${port}`,
    calls,
    /** Open connections. */
    sockets,
    /** All connections so far. */
    connections: () => connections,
    /** Stops listening and closes all connections. */
    stop,
  };
}

/** Answers with JSON. */
export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  res.writeHead(status, { 'content-type': type, ...headers }).end(JSON.stringify(body));
}
