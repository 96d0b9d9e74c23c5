import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { API_BASE } from './api.ts';
import type { Api } from './api.ts';
import { gatewayError } from './problems.ts';
import { qrCodePng } from './qr-code.ts';
import type { Recorder } from './recorder.ts';
import type { BlobService } from './storage/blob-service.ts';
import { ACCOUNT } from './storage/containers.ts';

export interface StorageActivity {
  /** Writes whose body is still coming in. */
  readonly putsInFlight: number;
  /** Connections that are open and over which the storage was talked to, perhaps the API too. */
  readonly openConnections: number;
}

export interface FrontOptions {
  readonly api: Api;
  readonly storage: BlobService;
  readonly recorder: Recorder;
}

/** What stands at the door: tells the API, the storage and the QR codes apart by path, and writes their answers. */
export function createFront({ api, storage, recorder }: FrontOptions): {
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void;
  readonly storageActivity: () => StorageActivity;
} {
  const storageConnections = new Set<Socket>();
  let putsInFlight = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const origin = originOf(request);
    const url = URL.parse(request.url ?? '/', origin);
    if (url?.pathname.startsWith(`/${ACCOUNT}/`) === true) return answerFromStorage(request, response, url);
    if (url?.pathname.startsWith(`${API_BASE}/`) === true)
      return answerFromApi(request, response, url, origin);
    const png = url?.pathname === '/qrcode.png' ? await qrCodePng(url.searchParams) : undefined;
    if (png !== undefined) return send(request, response, 200, { 'content-type': 'image/png' }, png);
    const { status, headers, body } = gatewayError(404, 'Resource not found');
    send(request, response, status, headers, JSON.stringify(body));
  }

  async function answerFromApi(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    origin: string,
  ): Promise<void> {
    const {
      operationId,
      answer: { status, headers, body },
    } = await api(request, url, origin);
    recorder.call({ operationId, method: request.method ?? '', path: url.pathname, status });
    const text = body === undefined ? undefined : JSON.stringify(body);
    // The gateway of the service lets browsers in from anywhere.
    send(request, response, status, { ...headers, 'access-control-allow-origin': '*' }, text);
  }

  async function answerFromStorage(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
  ): Promise<void> {
    const { socket } = request;
    if (!storageConnections.has(socket)) {
      storageConnections.add(socket);
      socket.once('close', () => storageConnections.delete(socket));
    }
    const writes = request.method === 'PUT' ? 1 : 0;
    putsInFlight += writes;
    try {
      const { operationId, status, headers, body } = await storage.handle(request, url);
      recorder.call({ operationId, method: request.method ?? '', path: url.pathname, status });
      send(request, response, status, headers, body);
    } finally {
      putsInFlight -= writes;
    }
  }

  return {
    listener(request, response) {
      answer(request, response).catch((error: unknown) => {
        // The caller left in the middle of its body: nobody is there to be answered.
        if (request.destroyed && !request.complete) return;
        recorder.bug(error);
        response.destroy();
      });
    },
    storageActivity: () => ({ putsInFlight, openConnections: storageConnections.size }),
  };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | number>>,
  body: Buffer | string | undefined,
): void {
  const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(body ?? '') };
  response.writeHead(status, { ...length, ...headers });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/**
 * Where the caller found the sandbox, so that upload URLs and QR codes lead there too, whatever name or mapped port it
 * used. A caller that does not say gets the address its connection came in on.
 */
function originOf(request: IncomingMessage): string {
  const host = request.headers.host ?? '';
  const named = /^[\w.:[\]-]+$/.test(host) ? URL.parse(`http://${host}`)?.origin : undefined;
  const { localAddress = '127.0.0.1', localPort = 80 } = request.socket;
  return named ?? `http://${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}
