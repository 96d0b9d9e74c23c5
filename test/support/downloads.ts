import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { onTestFinished } from 'vitest';
import type { GatewayOverrides } from './gateway-options.ts';
import { sendJson, startHttpStub } from './http-stub.ts';
import { logSink } from './service-proxy.ts';
import { startGateway } from './start-gateway.ts';

export const REQUEST = '01KJYMD75KB7D9F1H3K5N7Q9S1';
export const DOCUMENT = '01KJYMD75KB7D9F1H3K5N7Q9S2';
export const PATH = `/documents/${REQUEST}/${DOCUMENT}.pdf`;

/** The address of a path of the gateway. */
export const at = ({ url }: { readonly url: string }, path: string): string => new URL(path, url).href;

/** A gateway in front of a sandbox with one signed request. */
export async function startSigned(
  overrides: GatewayOverrides = {},
  { title = 'Contratto di locazione', dossierTitle = 'Locazione' } = {},
) {
  const logs = logSink();
  const world = await startGateway({ logger: logs.logger, ...overrides });
  await world.sandbox.seed({
    dossiers: [{ id: '01KJYMD75KB7D9F1H3K5N7Q9S0', title: dossierTitle, documents_metadata: [{ title }] }],
    requests: [
      {
        id: REQUEST,
        dossier: '01KJYMD75KB7D9F1H3K5N7Q9S0',
        status: 'SIGNED',
        documents: [{ id: DOCUMENT }],
      },
    ],
  });
  onTestFinished(() => void logs.expectNoSecrets());
  return { ...world, logs, file: at(world, PATH) };
}

type StorageHandler = (req: IncomingMessage, res: ServerResponse, nth: number) => void;

/** A gateway whose service has one signed request, with a download URL of a storage that `handler` implements. */
export async function startWithStorage(
  handler: StorageHandler,
  {
    link = (origin: string) => `${origin}/account/signed-documents/x?se=2030-01-01T00%3A00%3A00Z&sig=secret`,
    ...overrides
  }: GatewayOverrides & { readonly link?: (origin: string) => string } = {},
) {
  let calls = 0;
  const closed = Promise.withResolvers<void>();
  const storage = createServer((req, res) => {
    req.on('error', () => {});
    res.on('close', () => closed.resolve());
    handler(req, res, (calls += 1));
  });
  storage.listen(0, '127.0.0.1');
  await once(storage, 'listening');
  // A server that listens on TCP has an address of this form.
  const origin = `http://127.0.0.1:${(storage.address() as AddressInfo).port}`;
  onTestFinished(() => {
    storage.closeAllConnections();
    storage.close();
  });
  const time = '2026-03-05T09:14:07.412Z';
  const times = { created_at: time, updated_at: time };
  const service = await startHttpStub((_, res) =>
    sendJson(res, 200, {
      id: REQUEST,
      dossier_id: 'd',
      signer_id: 's',
      status: 'SIGNED',
      ...times,
      expires_at: time,
      signed_at: time,
      documents: [
        {
          id: DOCUMENT,
          status: 'READY',
          metadata: { title: 'Contratto', signature_fields: [] },
          ...times,
          uploaded_at: time,
          url: link(origin),
        },
      ],
    }),
  );
  const logs = logSink();
  const gateway = await startGateway({
    apiUrl: new URL(service.origin),
    storageHosts: [origin],
    logger: logs.logger,
    ...overrides,
  });
  onTestFinished(() => void logs.expectNoSecrets());
  return {
    ...gateway,
    logs,
    file: at(gateway, PATH),
    origin,
    calls: () => calls,
    /** Resolves when the first answer of the storage ends or is aborted. */
    closed: closed.promise,
  };
}

export const CHUNK = randomBytes(64 * 1024);
CHUNK.write('%PDF-');

/** Sends `bytes` bytes as fast as the client reads. @returns a function that counts the bytes sent so far */
export function sendBytes(res: ServerResponse, bytes: number): () => number {
  let sent = 0;
  function* chunks(): Generator<Uint8Array> {
    while (sent < bytes) {
      sent += CHUNK.length;
      yield CHUNK;
    }
  }
  // The client may disconnect.
  res.writeHead(200, { 'content-length': bytes });
  void pipeline(Readable.from(chunks(), { highWaterMark: 1 }), res).catch(() => {});
  return () => sent;
}
