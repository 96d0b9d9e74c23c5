import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { SERVICE_RATE_LIMIT, createApiManagement } from './api-management.ts';
import type { RateLimit } from './api-management.ts';
import { API_BASE, createApi } from './api.ts';
import { createClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { onBlobUploaded } from './documents.ts';
import { createIds } from './ids.ts';
import { gatewayError } from './problems.ts';
import { qrCodePng } from './qr-code.ts';
import { createRecorder } from './recorder.ts';
import type { RecordedCall, Violation } from './recorder.ts';
import { createBlobService } from './storage/blob-service.ts';
import { createBlobStore } from './storage/blob-store.ts';
import type { StoredBlob } from './storage/blob-store.ts';
import { ACCOUNT, UPLOADED_DOCUMENTS } from './storage/containers.ts';
import { createUploadSigner } from './storage/sas.ts';
import { createStore } from './store.ts';
import { ISSUER } from './world.ts';
import type { World } from './world.ts';

export interface SandboxOptions {
  /** @default 0, any free port */
  readonly port?: number;
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string;
  /**
   * How long the service's delays last here: 1 as long as there, 0.1 a tenth. Ignored when `clock` is given.
   * @default 0.1, a flow takes about a second
   */
  readonly timeScale?: number;
  /** Another source of time. It is stopped by `close()`. */
  readonly clock?: Clock;
  /** Keys that are let in. @default every key that is not empty */
  readonly apiKeys?: readonly string[];
  /** Calls per key, or false for no limit. @default 150 in 5 s, as the service */
  readonly rateLimit?: RateLimit | false;
  /** Where warnings go. @default nowhere */
  readonly logger?: SandboxLogger;
}

export interface SandboxLogger {
  warn(facts: object, message: string): void;
}

/** A running sandbox. Sandboxes of one process share nothing but the parsed contract. */
export interface Sandbox {
  /** Base of the Issuer API, without a slash at the end: `http://127.0.0.1:<port>/api/v1/sign`. */
  readonly url: string;
  /** Scheme, host and port: the storage and the QR codes are below it too. */
  readonly origin: string;
  readonly port: number;
  /** Breaches of the contract so far that nobody has taken. */
  readonly violations: readonly Violation[];
  /** Returns the breaches of the contract and forgets them: for a test that causes them on purpose. */
  takeViolations(): Violation[];
  /** The calls answered so far, API and storage, in order; the latest 10,000. */
  readonly calls: readonly RecordedCall[];
  /** What is in the storage: blobs that were committed, not blocks. */
  storedBlobs(): StoredBlob[];
  /** Uploads going on, and connections over which the storage was talked to and that are still open. */
  storageActivity(): { readonly putsInFlight: number; readonly openConnections: number };
  /**
   * Frees the port, every connection and every timer.
   * @throws Error listing breaches of the contract that nobody took, or bugs of the sandbox
   */
  close(): Promise<void>;
}

/** Longer than clients keep idle connections, so that none is cut while it is being reused. */
const KEEP_ALIVE_MS = 65_000;

/** Starts a stateful stand-in for Firma con IO. It listens when the promise resolves. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, host = '127.0.0.1', timeScale = 0.1, logger } = options;
  const clock = options.clock ?? createClock(timeScale);
  const recorder = createRecorder();
  const bugs: unknown[] = [];
  const onBug = (error: unknown): void => {
    bugs.push(error);
    logger?.warn({ err: error }, 'bug in the sandbox');
  };

  const background = new Set<Promise<void>>();
  let closed = false;
  const world: World = {
    clock,
    ids: createIds(clock),
    store: createStore(),
    blobs: createBlobStore(),
    sas: createUploadSigner(),
    issuer: ISSUER,
    later(delayMs, task) {
      clock.schedule(delayMs, () => {
        const run = Promise.resolve()
          .then(task)
          .catch(onBug)
          .finally(() => background.delete(run));
        background.add(run);
      });
    },
  };
  const api = await createApi({
    world,
    recorder: {
      ...recorder,
      violation(violation) {
        logger?.warn(violation, 'contract violation');
        recorder.violation(violation);
      },
    },
    admit: createApiManagement(clock, options.apiKeys, options.rateLimit ?? SERVICE_RATE_LIMIT),
    onBug,
  });
  const storage = createBlobService({
    clock,
    blobs: world.blobs,
    sas: world.sas,
    onCommit(container, name) {
      if (!closed && container === UPLOADED_DOCUMENTS) onBlobUploaded(world, name);
    },
  });
  const storageConnections = new Set<Socket>();
  let putsInFlight = 0;

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    route(request, response).catch((error: unknown) => {
      // The caller left in the middle of its body: nobody is there to be answered.
      if (request.destroyed && !request.complete) return;
      onBug(error);
      response.destroy();
    });
  });

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const origin = originOf(request) ?? listeningOrigin();
    const url = URL.parse(request.url ?? '/', origin);
    if (url?.pathname.startsWith(`/${ACCOUNT}/`) === true) return answerFromStorage(request, response, url);
    if (url?.pathname.startsWith(`${API_BASE}/`) === true) {
      const { operationId, answer } = await api(request, url, origin);
      recorder.call({ operationId, method: request.method ?? '', path: url.pathname, status: answer.status });
      const body = answer.body === undefined ? undefined : JSON.stringify(answer.body);
      return send(
        request,
        response,
        answer.status,
        { ...answer.headers, 'access-control-allow-origin': '*' },
        body,
      );
    }
    const png = url?.pathname === '/qrcode.png' ? await qrCodePng(url.searchParams) : undefined;
    if (png !== undefined) return send(request, response, 200, { 'content-type': 'image/png' }, png);
    const { status, headers, body } = gatewayError(404, 'Resource not found');
    send(request, response, status, headers, JSON.stringify(body));
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
    const isPut = request.method === 'PUT';
    if (isPut) putsInFlight += 1;
    try {
      const { operationId, status, headers, body } = await storage.handle(request, url);
      recorder.call({ operationId, method: request.method ?? '', path: url.pathname, status });
      send(request, response, status, headers, body);
    } finally {
      if (isPut) putsInFlight -= 1;
    }
  }

  function listeningOrigin(): string {
    const address = server.address();
    const actual = typeof address === 'object' && address !== null ? address.port : port;
    return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
  }

  server.listen(port, host);
  await once(server, 'listening');
  const origin = listeningOrigin();

  return {
    url: `${origin}${API_BASE}`,
    origin,
    port: Number(new URL(origin).port),
    violations: recorder.violations,
    takeViolations: recorder.takeViolations,
    calls: recorder.calls,
    storedBlobs: () => world.blobs.list(),
    storageActivity: () => ({ putsInFlight, openConnections: storageConnections.size }),
    async close() {
      if (closed) return;
      closed = true;
      clock.stop();
      const stopped = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await stopped;
      await Promise.all(background);
      // What a task scheduled while it was ending.
      clock.stop();
      complain(recorder.violations, bugs);
    },
  };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | number>>,
  body: Buffer | string | undefined,
): void {
  const hasBody = status !== 204 && status !== 304;
  // On HEAD the storage gives the length of the blob, all else the length of the body that is not sent.
  response.writeHead(status, {
    ...(hasBody && { 'content-length': Buffer.byteLength(body ?? '') }),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Where the caller found us, so that upload URLs and QR codes lead there too, whatever name or port mapping it used. */
function originOf(request: IncomingMessage): string | undefined {
  const host = request.headers.host ?? '';
  return /^[\w.:[\]-]+$/.test(host) ? URL.parse(`http://${host}`)?.origin : undefined;
}

/** @throws Error unless there is nothing to complain about */
function complain(violations: readonly Violation[], bugs: readonly unknown[]): void {
  if (violations.length === 0 && bugs.length === 0) return;
  const lines = violations.map(
    ({ direction, operationId, method, path, messages }) =>
      `${direction} of ${operationId ?? 'no operation'} (${method} ${path}): ${messages.join('; ')}`,
  );
  throw new AggregateError(bugs, ['The contract was broken:', ...lines, ...bugs.map(String)].join('\n  '));
}
