import { createHash } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/*
 * The smallest honest program in Node that passes a file on to the storage and computes its digest: no multipart body, no
 * blocks that can be sent again, no limits. The first argument is the origin of the storage. It sends its port to the parent
 * process.
 */
const [, , storage = ''] = process.argv;

const server = createServer((req, res) => {
  const hash = createHash('sha256');
  const headers = { 'content-length': req.headers['content-length'] };
  const upload = request(`${storage}${req.url}`, { method: 'PUT', headers }, (answer) => {
    answer.resume();
    answer.on('end', () => res.writeHead(answer.statusCode ?? 500).end(hash.digest('hex')));
  });
  upload.on('error', () => res.destroy());
  req.on('data', (chunk: Buffer) => hash.update(chunk));
  req.pipe(upload);
});
server.listen(0, '127.0.0.1', () => {
  // The address of a TCP server has this form.
  const { port } = server.address() as AddressInfo;
  process.send?.(port);
});
