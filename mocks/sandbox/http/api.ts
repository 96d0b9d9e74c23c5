import type { IncomingMessage } from 'node:http';
import { ApiCall } from './api-call.ts';
import type { ApiManagement } from './api-management.ts';
import { contractOperations } from './contract.ts';
import type { FiredFaults } from '../faults/faults.ts';
import { HANDLERS } from '../operations/handlers.ts';
import { incomingCall } from './incoming-call.ts';
import { parsePrefer } from './prefer.ts';
import { createEngine } from './prism.ts';
import type { Engine, Exchange } from './prism.ts';
import type { Answer } from './problems.ts';
import { gatewayError } from './problems.ts';
import type { Recorder } from '../journal/recorder.ts';
import { readRequestBody } from './request-body.ts';
import type { World } from '../model/world.ts';

/** Base path of the API, as in production. */
export const API_BASE = '/api/v1/sign';

/** The result of a call. */
export interface ApiAnswer {
  readonly operationId: string | undefined;
  /**
   * The response of the service, before `faults` apply. Undefined if the client disconnected before the call was
   * processed.
   */
  readonly answer: Answer | undefined;
  readonly violations: { readonly request: readonly string[]; readonly response: readonly string[] };
  readonly faults: FiredFaults | undefined;
  /** Ids of behaviours that fired while the call was processed. */
  readonly behaviourIds: readonly string[];
  /** The raw request body. Undefined if it was not read, or too large. */
  readonly bytes: Buffer | undefined;
}

export interface ApiOptions {
  readonly world: World;
  readonly recorder: Recorder;
  readonly gateway: ApiManagement;
}

/** The Issuer API: validates each request against the contract, runs its handler, and validates the response. */
export class Api {
  readonly #options: ApiOptions;
  readonly #exchange: Engine;

  private constructor(options: ApiOptions, exchange: Engine) {
    this.#options = options;
    this.#exchange = exchange;
  }

  /** @throws Error if an operation of the contract has no handler */
  static async create(options: ApiOptions): Promise<Api> {
    for (const { iid } of await contractOperations()) {
      // Checked at start: Prism would silently answer such a call from its examples.
      if (!HANDLERS.has(iid ?? ''))
        throw new Error(`The contract has an operation without a handler: ${iid}`);
    }
    return new Api(options, await createEngine(undefined, options.world.profile.name));
  }

  /**
   * Handles a call. `origin` is the origin that the client used. If `disconnected` is aborted while a fault delays the
   * call, the call is not processed.
   * @throws Error if the connection breaks before the end of the body
   */
  async handle(
    request: IncomingMessage,
    url: URL,
    origin: string,
    disconnected: AbortSignal,
  ): Promise<ApiAnswer> {
    if (isPreflight(request)) return { ...UNPROCESSED, answer: PREFLIGHT };
    const bytes = await readRequestBody(request);
    if (bytes === undefined) {
      return { ...UNPROCESSED, answer: gatewayError(413, 'Request Entity Too Large') };
    }
    const call = incomingCall(request, url, bytes, { base: API_BASE, origin });
    const { world, gateway, recorder } = this.#options;
    const processing = new ApiCall({ world, gateway, call, disconnected });
    const preference = parsePrefer(call.headers['prefer']);
    const exchanged = await this.#exchange(call, preference, (operationId, pathIds) =>
      processing.process(operationId, pathIds),
    );
    const conclusion = conclude(exchanged, processing.isHandled);
    if (exchanged.kind === 'failed') recorder.recordBug(exchanged.error);
    recordViolations(recorder, conclusion, call.method, url.pathname);
    const { faults, behaviourIds, isAbandoned } = processing;
    return {
      ...conclusion,
      answer: isAbandoned ? undefined : conclusion.answer,
      faults,
      behaviourIds,
      bytes,
    };
  }
}

type Conclusion = Pick<ApiAnswer, 'operationId' | 'violations'> & { readonly answer: Answer };

const NO_VIOLATIONS = { request: [], response: [] };
const UNPROCESSED = {
  operationId: undefined,
  violations: NO_VIOLATIONS,
  faults: undefined,
  behaviourIds: [],
  bytes: undefined,
};

/** The response for the client, and the violations of the call. */
function conclude(exchanged: Exchange, isHandled: boolean): Conclusion {
  switch (exchanged.kind) {
    case 'failed': {
      const answer = sandboxError('The sandbox has a bug', [String(exchanged.error)]);
      return { operationId: undefined, answer, violations: NO_VIOLATIONS };
    }
    case 'no-response': {
      const { operationId, message: detail } = exchanged;
      const body = { title: 'The contract has no response for this Prefer header', status: 404, detail };
      return { operationId, answer: { ...PROBLEM, status: 404, body }, violations: NO_VIOLATIONS };
    }
    case 'no-operation': {
      const violations = { ...NO_VIOLATIONS, request: [exchanged.message] };
      return { operationId: undefined, answer: gatewayError(404, 'Resource not found'), violations };
    }
    case 'answered': {
      const { operationId, answer, requestViolations, responseViolations } = exchanged;
      // The response of a fault is not validated, because it is not a response of the service.
      const violations = { request: requestViolations, response: isHandled ? responseViolations : [] };
      if (violations.response.length === 0) return { operationId, answer, violations };
      const title = `The response of the sandbox to ${operationId} violates the contract`;
      return { operationId, answer: sandboxError(title, responseViolations), violations };
    }
  }
}

function recordViolations(
  recorder: Recorder,
  { operationId, violations }: Conclusion,
  method: string,
  path: string,
): void {
  for (const direction of ['request', 'response'] as const) {
    const messages = violations[direction];
    if (messages.length > 0) recorder.recordViolation({ direction, operationId, method, path, messages });
  }
}

const PROBLEM = { headers: { 'content-type': 'application/problem+json' } } as const;

/** Not a response of the service: it reports a bug in the sandbox. */
function sandboxError(title: string, violations: readonly string[]): Answer {
  return { ...PROBLEM, status: 500, body: { title, status: 500, detail: violations.join('; '), violations } };
}

/** The API gateway of the service allows every origin, method and header. */
const PREFLIGHT: Answer = {
  status: 200,
  headers: { 'access-control-allow-methods': '*', 'access-control-allow-headers': '*' },
};

function isPreflight(request: IncomingMessage): boolean {
  return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
}
