import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A service in its own process that answers immediately: every GET with a signature request of two documents, every POST
 * with a dossier. A measurement against it is the cost of the client. Ends with its parent.
 */
const AT = '2026-03-05T09:14:07.412Z';
const ID = '01KJYMD75M8Q4V6W9X0Y2Z7A1C';
const documentOf = (title: string) => ({
  id: ID,
  status: 'READY',
  metadata: {
    title,
    signature_fields: [
      { clause: { title: 'Firma del contratto', type: 'REQUIRED' }, attrs: { unique_name: 'Firma1' } },
    ],
  },
  created_at: AT,
  updated_at: AT,
  uploaded_at: AT,
});

const requestOf = (id: string) => ({
  id,
  dossier_id: ID,
  signer_id: '7c0d2f6e-5b1a-4e0c-9a35-1f2f6c1b7d90',
  status: 'DRAFT',
  created_at: AT,
  updated_at: AT,
  expires_at: AT,
  documents: [documentOf('Contratto'), documentOf('Informativa')],
});
const dossier = {
  id: ID,
  title: 'Contratti',
  documents_metadata: [{ title: 'Contratto', signature_fields: [] }],
  created_at: AT,
  updated_at: AT,
};

const server = createServer((req, res) => {
  req.resume();
  const isPost = req.method === 'POST';
  const body = JSON.stringify(isPost ? dossier : requestOf(req.url?.split('/').at(-1) ?? ''));
  res
    .writeHead(isPost ? 201 : 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-rate-limit-remaining': '99999',
    })
    .end(body);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
// The address of a TCP server has this form.
process.send?.((server.address() as AddressInfo).port);
await once(process, 'disconnect');
server.closeAllConnections();
server.close();
