import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { API_BASE } from './api.ts';
import type { Api } from './api.ts';
import { isControlPath } from '../control/control.ts';
import type { Control } from '../control/control.ts';
import { FAULT_HEADER, parseFaultHeader } from '../faults/fault-header.ts';
import { apiAnswerInstead, isInstead, storageAnswerInstead } from '../faults/injected-answer.ts';
import { keepBody } from '../journal/journal-entry.ts';
import type { OpenJournal } from '../journal/journal.ts';
import { gatewayError } from './problems.ts';
import type { Answer } from './problems.ts';
import { qrCodePng } from '../pdf/qr-code.ts';
import type { Recorder } from '../journal/recorder.ts';
import { serve } from './serve.ts';
import type { Served } from './serve.ts';
import { startPage } from './start-page.ts';
import { digestOf, discardBody } from '../storage/blob-body.ts';
import { storageOperation } from '../storage/blob-service.ts';
import type { BlobService } from '../storage/blob-service.ts';
import { ACCOUNT } from '../storage/containers.ts';
import { pause, send } from './wire-answer.ts';
import type { WireAnswer } from './wire-answer.ts';
import type { World } from '../model/world.ts';

export interface StorageActivity {
  /** Writes whose body is still being received. */
  readonly putsInFlight: number;
  /** Open connections that have been used for the storage. */
  readonly openConnections: number;
}

export interface FrontOptions {
  readonly world: World;
  readonly api: Api;
  readonly storage: BlobService;
  readonly control: Control;
  readonly recorder: Recorder;
  readonly journal: OpenJournal;
}

/** Routes requests by path to the API, the storage, the control API and the QR codes, and writes their responses. */
export function createFront({ world, api, storage, control, recorder, journal }: FrontOptions): {
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void;
  readonly storageActivity: () => StorageActivity;
} {
  const storageConnections = new Set<Socket>();
  let putsInFlight = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const origin = originOf(request);
    const url = URL.parse(request.url ?? '/', origin);
    if (url?.pathname.startsWith(`/${ACCOUNT}/`) === true) return answerFromStorage(request, response, url);
    if (url?.pathname.startsWith(`${API_BASE}/`) === true) {
      return serve(request, response, { journal, url }, (left) => fromApi(request, url, origin, left));
    }
    if (url !== null && isControlPath(url.pathname)) return control(request, response, url);
    if (url?.pathname === '/' && ['GET', 'HEAD'].includes(request.method ?? '')) {
      return send(request, response, startPage(origin, request.headers.accept));
    }
    const png = url?.pathname === '/qrcode.png' ? await qrCodePng(url.searchParams) : undefined;
    if (png !== undefined) {
      return send(request, response, { status: 200, headers: { 'content-type': 'image/png' }, body: png });
    }
    const { status, headers, body } = gatewayError(404, 'Resource not found');
    send(request, response, { status, headers, body: JSON.stringify(body) });
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
    const operationId = storageOperation(request, url);
    try {
      await serve(request, response, { journal, url, operationId }, (left) =>
        fromStorage(request, url, operationId, left),
      );
    } finally {
      putsInFlight -= writes;
    }
  }

  async function fromApi(
    request: IncomingMessage,
    url: URL,
    origin: string,
    left: AbortSignal,
  ): Promise<Served> {
    const { operationId, answer, violations, ordeal, marks, bytes } = await api(request, url, origin, left);
    const fault = ordeal?.fault;
    const wire = answer && isInstead(fault) ? apiAnswerInstead(fault) : answer && wireAnswerOf(answer);
    const isMultipart = request.headers['content-type']?.toLowerCase().startsWith('multipart/') ?? false;
    return {
      operationId,
      answer: wire && withOpenDoor(wire),
      fault,
      faults: [...(ordeal?.ids ?? []), ...marks],
      violations,
      requestBody: keepBody(bytes, isMultipart),
    };
  }

  async function fromStorage(
    request: IncomingMessage,
    url: URL,
    operationId: string | undefined,
    left: AbortSignal,
  ): Promise<Served> {
    const own = parseFaultHeader(request.headers[FAULT_HEADER]?.toString(), operationId);
    const ordeal = operationId === undefined ? undefined : world.faults.meet(operationId, own);
    const { ids = [], delayMs = 0, fault } = ordeal ?? {};
    await pause(delayMs, left);
    const marks: string[] = [];
    const served = { operationId, fault, violations: { request: [], response: [] } };
    if (left.aborted) return { ...served, answer: undefined, faults: ids, requestBody: undefined };
    if (isInstead(fault)) {
      if (fault.kind !== 'reset') await discardBody(request);
      const answer = storageAnswerInstead(fault, world);
      return { ...served, answer, faults: ids, requestBody: digestOf(request) };
    }
    const { status, headers, body } = await world.faults.marking(marks, () => storage.handle(request, url));
    return {
      ...served,
      answer: { status, headers, body },
      isFile: operationId === 'getBlob' && status < 300,
      faults: [...ids, ...marks],
      requestBody: digestOf(request),
    };
  }

  return {
    listener(request, response) {
      // Node would send the system time, which differs from the time of the records.
      response.setHeader('date', new Date(world.clock.now()).toUTCString());
      answer(request, response).catch((error: unknown) => {
        recorder.bug(error);
        response.destroy();
      });
    },
    storageActivity: () => ({ putsInFlight, openConnections: storageConnections.size }),
  };
}

function wireAnswerOf({ status, headers, body }: Answer): WireAnswer {
  return { status, headers, body: body === undefined ? undefined : JSON.stringify(body) };
}

/** The API gateway of the service allows browsers of every origin to read all headers. */
function withOpenDoor(answer: WireAnswer): WireAnswer {
  const cors = { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' };
  return { ...answer, headers: { ...answer.headers, ...cors } };
}

/**
 * The origin that the client used, for upload URLs and QR codes, so that they work with every host name and mapped port.
 * Without a Host header, the local address of the connection.
 */
function originOf(request: IncomingMessage): string {
  const host = request.headers.host ?? '';
  const named = /^[\w.:[\]-]+$/.test(host) ? URL.parse(`http://${host}`)?.origin : undefined;
  const { localAddress = '127.0.0.1', localPort = 80 } = request.socket;
  return named ?? `http://${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}
