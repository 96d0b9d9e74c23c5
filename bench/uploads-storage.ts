import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// A storage that reads and forgets, so that only the gateway is measured.
const server = createServer((req, res) => {
  req.resume();
  req.on('end', () => res.writeHead(201, { 'last-modified': new Date().toUTCString() }).end());
}).listen(0, '127.0.0.1', () => {
  // A server that listens on TCP has an address of this form.
  process.send?.({ port: (server.address() as AddressInfo).port });
});
