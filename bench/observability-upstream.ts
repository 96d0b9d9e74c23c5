import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/* A service that has one dossier, and a collector that takes traces and forgets them. Says where it listens. */

const AT = '2026-03-05T09:14:07.412Z';
const DOSSIER = JSON.stringify({
  id: '01GG4NFBCN4ZH8ETCCKX3766KX',
  title: 'Contratti',
  support_email: 'urp@example.it',
  documents_metadata: [{ title: 'Contratto', signature_fields: [] }],
  created_at: AT,
  updated_at: AT,
});

const server = createServer((req, res) => {
  req.resume().once('end', () => {
    res.writeHead(200, { 'content-type': 'application/json' }).end(req.method === 'GET' ? DOSSIER : '{}');
  });
});
server.listen(0, '127.0.0.1', () => {
  // The address of a TCP server has this form.
  const { port } = server.address() as AddressInfo;
  process.send?.({ origin: `http://127.0.0.1:${port}` });
});
