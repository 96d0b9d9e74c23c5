import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/*
 * The service in a process of its own, for benchmarks of what is in front of it: it answers every call immediately, from
 * texts built in advance, and counts the calls and their bytes. It reads HTTP/1.1 from the socket itself, because node:http
 * would use a large part of the core that it shares with the load. `GET /__received` returns both counts since the last such
 * request. The program sends its port to the parent process, and ends with it.
 */
const AT = '2026-10-13T08:15:30.000Z';
const SIGNER = '6f9619ff-8b86-d011-b42d-00cf4fc964ff';
/** The size of every dossier, in signature requests. */
const DOSSIER_SIZE = 10_000;

const ulid = (nth: number): string => `01J9ZQ4S${String(nth).padStart(18, '0')}`;
const DOSSIER_ID = ulid(900_001);

const documentOf = (id: string, status: string, rest?: object) => ({
  id,
  status,
  metadata: {
    title: `Contratto di servizio ${id.slice(-4)}`,
    signature_fields: [
      { clause: { title: 'Firma del contratto', type: 'REQUIRED' }, attrs: { unique_name: 'firma_1' } },
      {
        clause: { title: 'Trattamento dei dati personali', type: 'OPTIONAL' },
        attrs: { coordinates: { x: 120.5, y: 310 }, page: 0, size: { w: 180, h: 60 } },
      },
    ],
  },
  created_at: AT,
  updated_at: AT,
  ...rest,
});

const listed = (id: string) => ({
  id,
  signer_id: SIGNER,
  dossier_id: DOSSIER_ID,
  status: 'DRAFT',
  created_at: AT,
  updated_at: AT,
  expires_at: '2027-01-13T00:00:00.000Z',
});

const READY = {
  uploaded_at: AT,
  url: 'https://iopitnsignst01.blob.core.windows.net/validated/01J9ZQ4S000000000000700001.pdf?sv=1&sig=x',
};
const signatureRequestOf = (id: string) => ({
  ...listed(id),
  documents: [documentOf(ulid(700_001), 'READY', READY), documentOf(ulid(700_002), 'WAIT_FOR_UPLOAD')],
  qr_code_url: `https://continua.io.pagopa.it/fci/main?signatureRequestId=${id}`,
});

const dossierOf = (id: string) => ({
  id,
  title: 'Contratti 2026',
  support_email: 'firma@ente.example',
  documents_metadata: [
    {
      title: 'Contratto di servizio',
      signature_fields: [
        { clause: { title: 'Firma del contratto', type: 'REQUIRED' }, attrs: { unique_name: 'firma_1' } },
      ],
    },
    { title: 'Informativa privacy' },
  ],
  created_at: AT,
  updated_at: AT,
});

function answerOf(status: string, body: unknown): string {
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
    'x-rate-limit-remaining: 99999',
  ];
  return `${head.join('\r\n')}\r\n\r\n${text}`;
}

/** An answer into which an id of 26 characters is inserted. */
function template(bodyOf: (id: string) => unknown): (id: string) => string {
  const placeholder = ulid(123_456);
  const parts = answerOf('200 OK', bodyOf(placeholder)).split(placeholder);
  return (id) => parts.join(id);
}

const signatureRequestAnswer = template(signatureRequestOf);
const dossierAnswer = template(dossierOf);
const CREATED = answerOf('201 Created', signatureRequestOf(ulid(1)));
const DOSSIER_CREATED = answerOf('201 Created', dossierOf(DOSSIER_ID));
const EMPTY = answerOf('200 OK', {});
const NOT_FOUND = answerOf('404 Not Found', { title: 'Not Found', status: 404 });

/** Pages by their path. The last three digits of its id decide which requests a dossier has. */
const pages = new Map<string, Buffer>();

function pageAnswer(path: string, dossierId: string): Buffer {
  const key = path.slice(path.indexOf(dossierId) + dossierId.length - 3);
  const known = pages.get(key);
  if (known !== undefined) return known;
  const query = new URLSearchParams(path.split('?')[1]);
  const start = Number(query.get('continuationToken') ?? 0);
  const end = Math.min(start + Number(query.get('limit') ?? 25), DOSSIER_SIZE);
  const first = Number(dossierId.slice(-3)) * 25;
  const items = Array.from({ length: end - start }, (_, index) => listed(ulid(first + start + index)));
  const token = end < DOSSIER_SIZE ? { continuation_token: String(end) } : {};
  const page = Buffer.from(answerOf('200 OK', { items, ...token }));
  pages.set(key, page);
  return page;
}

/** What `GET /__received` returns. */
export interface Received {
  readonly calls: number;
  readonly bytes: number;
}

let received = { calls: 0, bytes: 0 };

function answerTo(method: string, path: string, bytes: number): string | Buffer {
  if (path === '/__received') {
    const text = answerOf('200 OK', received satisfies Received);
    received = { calls: 0, bytes: 0 };
    return text;
  }
  received.calls += 1;
  received.bytes += bytes;
  const [, resource, id = '', list] = path.split('?', 1)[0]?.split('/') ?? [];
  if (resource === 'signature-requests') return method === 'GET' ? signatureRequestAnswer(id) : CREATED;
  if (resource === 'dossiers' && method === 'POST') return DOSSIER_CREATED;
  if (resource === 'dossiers') return list === undefined ? dossierAnswer(id) : pageAnswer(path, id);
  // The traces of the gateway, if this process is also the collector.
  return resource === 'v1' ? EMPTY : NOT_FOUND;
}

const LENGTH = /\r\ncontent-length: *(\d+)/i;

/** Answers the complete requests in `data`. @returns the rest */
function answerAll(socket: Socket, data: Buffer): Buffer {
  let rest = data;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return rest;
    const head = rest.toString('latin1', 0, end);
    const size = end + 4 + Number(LENGTH.exec(head)?.[1] ?? 0);
    if (rest.length < size) return rest;
    const [method = '', path = ''] = head.split(' ', 2);
    socket.write(answerTo(method, path, size));
    rest = rest.subarray(size);
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    rest = answerAll(socket, rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
  });
});
server.listen(0, '127.0.0.1', 4096);
await once(server, 'listening');
// The address of a TCP server has this form.
process.send?.((server.address() as AddressInfo).port);
await once(process, 'disconnect');
process.exit();
