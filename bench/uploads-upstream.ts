import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/*
 * The parts of the service and its storage that an upload needs, in one process: a request that is always DRAFT, a pre-signed
 * URL for each call, and a storage that discards its input, so that only the gateway is measured. It sends its port to the parent process.
 */
const AT = '2026-03-05T09:14:07.412Z';
const DRAFT = {
  id: 'request',
  dossier_id: 'dossier',
  signer_id: 'signer',
  status: 'DRAFT',
  created_at: AT,
  updated_at: AT,
  expires_at: AT,
  documents: [
    {
      id: 'document',
      status: 'WAIT_FOR_UPLOAD',
      created_at: AT,
      updated_at: AT,
      metadata: { title: 'Contratto', signature_fields: [] },
    },
  ],
};
let addresses = 0;

const server = createServer((req, res) => {
  if (req.method === 'PUT') {
    req.resume();
    req.on('end', () => res.writeHead(201, { 'last-modified': new Date().toUTCString() }).end());
    return;
  }
  const isForAddress = req.url?.endsWith('/upload_url') ?? false;
  const answer = isForAddress ? `${origin}/account/uploads/${(addresses += 1)}?sv=1&sig=x` : DRAFT;
  res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});
let origin = '';
server.listen(0, '127.0.0.1', () => {
  // The address of a TCP server has this form.
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  process.send?.(port);
});
