import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface BlobCall {
  readonly operation: 'putBlob' | 'putBlock' | 'putBlockList';
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  body: Buffer;
}

/** Answers a call with another status than 201, or not at all. Called before the body is read. */
export type Misbehave = (call: BlobCall, req: IncomingMessage, res: ServerResponse, nth: number) => boolean;

/** A storage that records its calls and fails on demand. Azurite is the reference for correct behaviour. */
export async function startBlobStub(misbehave: Misbehave = () => false) {
  const calls: BlobCall[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '', 'http://stub');
    const comp = url.searchParams.get('comp');
    const operation = comp === 'block' ? 'putBlock' : comp === 'blocklist' ? 'putBlockList' : 'putBlob';
    const call: BlobCall = { operation, url, headers: req.headers, body: Buffer.alloc(0) };
    calls.push(call);
    if (misbehave(call, req, res, calls.length)) return;
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('error', () => {});
    req.on('end', () => {
      call.body = Buffer.concat(chunks);
      res.writeHead(201, { 'last-modified': 'Tue, 24 Nov 2026 10:00:00 GMT' }).end();
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    calls,
    sockets,
    address: (name = 'blob') => `${origin}/account/uploads/${name}?sv=1&sig=secret%2Bsignature`,
    count: (operation: BlobCall['operation']) => calls.filter((call) => call.operation === operation).length,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
