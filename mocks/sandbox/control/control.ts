import type { IncomingMessage, ServerResponse } from 'node:http';
import { CONTROL_CONTRACT } from '../http/contract.ts';
import type { IncomingCall } from '../http/incoming-call.ts';
import { createEngine } from '../http/prism.ts';
import type { Engine, Exchange } from '../http/prism.ts';
import type { Answer } from '../http/problems.ts';
import { Refusal } from '../http/problems.ts';
import { parseJson, readRequestBody } from '../http/request-body.ts';
import { isCrossOriginPage } from './browser-guard.ts';
import type { Controls } from './controls.ts';
import { CONTROL_BASE, handleControl } from './handlers.ts';
import { controlProblem } from './problem.ts';
import { SnapshotStore } from './snapshot-store.ts';

/** Whether a path belongs to the control API. */
export function isControlPath(path: string): boolean {
  return path === CONTROL_BASE || path.startsWith(`${CONTROL_BASE}/`);
}

/**
 * The control API: `controls` over HTTP. Requests and responses are validated against `mocks/sandbox-control.yaml`; an
 * invalid request has no effect.
 */
export class ControlApi {
  readonly #controls: Controls;
  readonly #onBug: (error: unknown) => void;
  readonly #snapshots = new SnapshotStore();
  #engine: Promise<Engine> | undefined;

  /** @param onBug called with unexpected exceptions */
  constructor(controls: Controls, onBug: (error: unknown) => void) {
    this.#controls = controls;
    this.#onBug = onBug;
  }

  /** Answers a request below `/_sandbox`. */
  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const disconnected = new AbortController();
    response.once('close', () => disconnected.abort());
    const { status, headers, body } = await this.#answer(request, url, disconnected.signal);
    const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
    const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(text) };
    response.writeHead(status, { ...SECURITY_HEADERS, ...length, ...headers });
    response.end(text);
  }

  async #answer(request: IncomingMessage, url: URL, signal: AbortSignal): Promise<Answer> {
    if (isCrossOriginPage(request)) return CROSS_ORIGIN_PAGE.answer;
    const bytes = await readRequestBody(request);
    if (bytes === undefined)
      return controlProblem(413, 'The body exceeds 100 MiB. Split it into several calls').answer;
    const body = bytes.length === 0 ? undefined : parseJson(bytes);
    if (bytes.length > 0 && body === undefined) return controlProblem(400, 'The body is not JSON').answer;
    // Created on first use: most sandboxes get no control call.
    this.#engine ??= createEngine(CONTROL_CONTRACT);
    const exchange = await this.#engine;
    const call: IncomingCall = {
      method: request.method ?? '',
      path: url.pathname.slice(CONTROL_BASE.length) || '/',
      query: Object.fromEntries(url.searchParams),
      // The content type of the request is ignored, so that `curl -d` works.
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      bytes,
      body,
      origin: url.origin,
      remoteAddress: request.socket.remoteAddress ?? '',
      signal,
    };
    return this.#conclude(await exchange(call, undefined, (...matched) => this.#perform(call, ...matched)));
  }

  async #perform(
    call: IncomingCall,
    operationId: string,
    [id = '']: readonly string[],
    violations: readonly string[],
  ): Promise<Answer> {
    if (violations.length > 0) {
      const detail = `The call does not conform to the document of the control API, GET ${CONTROL_BASE}/openapi.yaml`;
      return controlProblem(400, detail, { violations }).answer;
    }
    const { query, body, origin, signal = new AbortController().signal } = call;
    const [controls, snapshots] = [this.#controls, this.#snapshots];
    try {
      return await handleControl(operationId, { controls, snapshots, id, query, body, origin, signal });
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  }

  #conclude(exchanged: Exchange): Answer {
    switch (exchanged.kind) {
      case 'failed':
        return this.#bug(exchanged.error);
      case 'no-response':
        // Control calls have no `Prefer` header, so this cannot happen.
        return this.#bug(new Error(exchanged.message));
      case 'no-operation':
        return (exchanged.status === 405 ? NO_SUCH_METHOD : NO_SUCH_CALL).answer;
      case 'answered': {
        const { operationId, responseViolations } = exchanged;
        if (responseViolations.length === 0) return exchanged.answer;
        this.#onBug(new Error(`The response of the control API to ${operationId} violates its document`));
        const detail = `Bug in the sandbox: its response to ${operationId} violates its own document`;
        return controlProblem(500, detail, { violations: responseViolations }).answer;
      }
    }
  }

  #bug(error: unknown): Answer {
    this.#onBug(error);
    return controlProblem(500, 'Bug in the sandbox. See its log').answer;
  }
}

/** Prevents web pages from reading, sniffing or caching responses. `access-control-allow-origin` is omitted on purpose. */
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};

const CROSS_ORIGIN_PAGE = controlProblem(
  403,
  'The control API refuses requests from web pages of other origins. Call it from a test runner, a server or a command line',
);
const NO_SUCH_CALL = controlProblem(
  404,
  `No control call has this path. GET ${CONTROL_BASE} lists the paths`,
);
const NO_SUCH_METHOD = controlProblem(
  405,
  `No control call has this method at this path. GET ${CONTROL_BASE}/openapi.yaml lists the methods`,
);
