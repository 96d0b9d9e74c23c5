import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** An HTTP proxy that supports CONNECT only. It stops with the test. */
export async function startConnectProxy(answer: {
  /** The port on this machine to which every host name leads. */
  readonly leadsTo?: number;
  /** The status with which it refuses. */
  readonly status?: number;
}) {
  const asked: { readonly authority: string; readonly authorization: string | undefined }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, res) => void res.writeHead(501).end());
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (req: IncomingMessage, socket: Socket) => {
    asked.push({ authority: req.url ?? '', authorization: req.headers['proxy-authorization'] });
    socket.on('error', () => {});
    const { status, leadsTo } = answer;
    if (status !== undefined)
      return void socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\n\r\n`);
    if (leadsTo === undefined) return; // never answers
    const target = connect(leadsTo, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    target.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    host: `127.0.0.1:${port}`,
    url: new URL(`http://127.0.0.1:${port}`),
    authorities: () => asked.map(({ authority }) => authority),
  };
}
