import type { IncomingMessage, ServerResponse } from 'node:http';
import { API_BASE } from './api.ts';
import type { Api } from './api.ts';
import { isControlPath } from '../control/control.ts';
import type { ControlApi } from '../control/control.ts';
import { apiFaultAnswer, replacesResponse } from '../faults/injected-answer.ts';
import { storedBody } from '../journal/journal-entry.ts';
import type { CallJournal } from '../journal/journal.ts';
import { gatewayError } from './problems.ts';
import type { Answer } from './problems.ts';
import { qrCodePng } from '../pdf/qr-code.ts';
import type { Recorder } from '../journal/recorder.ts';
import { serve } from './serve.ts';
import type { ProcessedCall } from './serve.ts';
import { startPage } from './start-page.ts';
import type { StorageRoute } from './storage-route.ts';
import { ACCOUNT } from '../storage/containers.ts';
import { send } from './wire-answer.ts';
import type { WireAnswer } from './wire-answer.ts';
import type { World } from '../model/world.ts';

export interface Routes {
  readonly world: World;
  readonly api: Api;
  readonly storage: StorageRoute;
  readonly control: ControlApi;
  readonly recorder: Recorder;
  readonly journal: CallJournal;
}

/** Answers a request to any path of the sandbox. An unexpected exception is recorded and closes the connection. */
export function answerRequest(routes: Routes, request: IncomingMessage, response: ServerResponse): void {
  // Node would send the system time, which differs from the time of the records.
  response.setHeader('date', new Date(routes.world.clock.now()).toUTCString());
  route(routes, request, response).catch((error: unknown) => {
    routes.recorder.recordBug(error);
    response.destroy();
  });
}

/** Routes by path to the API, the storage, the control API, the start page and the QR codes. */
async function route(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const origin = originOf(request);
  const url = URL.parse(request.url ?? '/', origin);
  if (url?.pathname.startsWith(`/${ACCOUNT}/`) === true) return routes.storage.serve(request, response, url);
  if (url?.pathname.startsWith(`${API_BASE}/`) === true) {
    return serve(request, response, { journal: routes.journal, url }, (disconnected) =>
      processApiCall(routes.api, request, url, origin, disconnected),
    );
  }
  if (url !== null && isControlPath(url.pathname)) return routes.control.serve(request, response, url);
  if (url?.pathname === '/' && ['GET', 'HEAD'].includes(request.method ?? '')) {
    return send(request, response, startPage(origin, request.headers.accept));
  }
  const png = url?.pathname === '/qrcode.png' ? await qrCodePng(url.searchParams) : undefined;
  if (png !== undefined) {
    return send(request, response, { status: 200, headers: { 'content-type': 'image/png' }, body: png });
  }
  send(request, response, wireAnswerOf(gatewayError(404, 'Resource not found')));
}

async function processApiCall(
  api: Api,
  request: IncomingMessage,
  url: URL,
  origin: string,
  disconnected: AbortSignal,
): Promise<ProcessedCall> {
  const result = await api.handle(request, url, origin, disconnected);
  const { operationId, answer, violations, faults, behaviourIds, bytes } = result;
  const fault = faults?.fault;
  const wire = answer && (replacesResponse(fault) ? apiFaultAnswer(fault) : wireAnswerOf(answer));
  const isMultipart = request.headers['content-type']?.toLowerCase().startsWith('multipart/') ?? false;
  return {
    operationId,
    answer: wire && withCorsHeaders(wire),
    fault,
    faults: [...(faults?.ids ?? []), ...behaviourIds],
    violations,
    requestBody: storedBody(bytes, isMultipart),
  };
}

function wireAnswerOf({ status, headers, body }: Answer): WireAnswer {
  return { status, headers, body: body === undefined ? undefined : JSON.stringify(body) };
}

/** The API gateway of the service allows browsers of every origin to read all headers. */
function withCorsHeaders(answer: WireAnswer): WireAnswer {
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
