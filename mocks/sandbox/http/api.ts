import type { IncomingMessage } from 'node:http';
import type { Admission, Visitor } from './api-management.ts';
import { contractOperations } from './contract.ts';
import { FAULT_HEADER, parseFaultHeader } from '../faults/fault-header.ts';
import type { Ordeal } from '../faults/faults.ts';
import { isInstead } from '../faults/injected-answer.ts';
import { HANDLERS } from '../operations/handlers.ts';
import { incomingCall } from './incoming-call.ts';
import type { IncomingCall } from './incoming-call.ts';
import type { Call } from '../operations/operation.ts';
import { parsePrefer } from './prefer.ts';
import { createEngine } from './prism.ts';
import type { Exchange } from './prism.ts';
import type { Answer } from './problems.ts';
import { Refusal, gatewayError, unauthorized } from './problems.ts';
import type { Recorder } from '../journal/recorder.ts';
import { parseJson, readRequestBody } from './request-body.ts';
import { pause } from './wire-answer.ts';
import type { World } from '../model/world.ts';

/** Base path of the API, as in production. */
export const API_BASE = '/api/v1/sign';

/** The result of a call. */
export interface ApiAnswer {
  readonly operationId: string | undefined;
  /**
   * The response of the service, before the faults in `ordeal` apply. Undefined if the client disconnected before the call
   * was processed.
   */
  readonly answer: Answer | undefined;
  readonly violations: { readonly request: readonly string[]; readonly response: readonly string[] };
  readonly ordeal: Ordeal | undefined;
  /** Ids of behaviours that fired while the call was processed. */
  readonly marks: readonly string[];
  /** The raw request body. Undefined if it was too large. */
  readonly bytes: Buffer | undefined;
}

export interface ApiOptions {
  readonly world: World;
  readonly recorder: Recorder;
  readonly admit: (visitor: Visitor) => Admission;
}

/**
 * Handles a call to the API. `origin` is the origin that the client used. If `left` is aborted while a fault delays the
 * call, the call is not processed.
 * @throws Error if the connection breaks before the end of the body
 */
export type Api = (
  request: IncomingMessage,
  url: URL,
  origin: string,
  left: AbortSignal,
) => Promise<ApiAnswer>;

/** The context of a call. */
interface Visit {
  readonly left: AbortSignal;
  readonly marks: string[];
  ordeal: Ordeal | undefined;
  /** Whether the client disconnected before the call was processed. */
  isAbandoned: boolean;
}

/**
 * The Issuer API: validates each request against the contract, runs its handler, and validates the response.
 * @throws Error if an operation of the contract has no handler
 */
export async function createApi(options: ApiOptions): Promise<Api> {
  for (const { iid } of await contractOperations()) {
    // Checked at start: Prism would silently answer such a call from its examples.
    if (!HANDLERS.has(iid ?? '')) throw new Error(`The contract has an operation without a handler: ${iid}`);
  }
  const { world, recorder, admit } = options;

  const exchange = await createEngine(undefined, world.profile.name);

  /** Applies the faults of a call, and runs its handler unless a fault replaces the response. */
  async function meetFaults(
    operationId: string,
    pathIds: readonly string[],
    call: IncomingCall,
    visit: Visit,
  ): Promise<Answer> {
    const own = parseFaultHeader(call.headers[FAULT_HEADER], operationId);
    const ordeal = world.faults.meet(operationId, own);
    Object.assign(visit, { ordeal });
    await pause(ordeal.delayMs, visit.left);
    Object.assign(visit, { isAbandoned: visit.left.aborted });
    if (visit.isAbandoned || isInstead(ordeal.fault)) return NOT_HANDLED;
    return world.faults.marking(visit.marks, () => attend(operationId, pathIds, call));
  }

  async function attend(
    operationId: string,
    pathIds: readonly string[],
    call: IncomingCall,
  ): Promise<Answer> {
    const json = parseJson(call.bytes);
    const admission = admit({
      operationId,
      apiKey: call.headers['ocp-apim-subscription-key'],
      forwardedFor: call.headers['x-forwarded-for'],
      remoteAddress: call.remoteAddress,
      json,
    });
    if (admission.refusal !== undefined) return withHeaders(admission.refusal, admission.headers);
    const { issuer, environment } = admission;
    const answer = await handle(operationId, { ...call, issuer, environment, pathIds, json });
    return withHeaders(world.profile.answer(operationId, answer), admission.headers);
  }

  async function handle(operationId: string, call: Call): Promise<Answer> {
    const handler = HANDLERS.get(operationId);
    if (handler === undefined) throw new Error(`No handler for ${operationId}`);
    try {
      // The lookup of signers needs no issuer, so the outage does not affect it.
      if (operationId !== 'getSignerByFiscalCode' && world.faults.occurs('back-office-outage')) {
        throw unauthorized();
      }
      return await handler(call, world);
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  }

  /** Records the violations of a call, and selects the response for the client. */
  function conclude(
    call: IncomingCall,
    path: string,
    visit: Visit,
    result: Exchange,
  ): Pick<ApiAnswer, 'operationId' | 'answer' | 'violations'> {
    const { method } = call;
    switch (result.kind) {
      case 'failed':
        recorder.bug(result.error);
        return {
          operationId: undefined,
          answer: sandboxFault('The sandbox has a bug', [String(result.error)]),
          violations: NONE,
        };
      case 'unfitting': {
        const { operationId, message: detail } = result;
        const body = { title: 'Nothing in the contract fits this Prefer header', status: 404, detail };
        return { operationId, answer: { ...PROBLEM, status: 404, body }, violations: NONE };
      }
      case 'unmatched': {
        const violations = { ...NONE, request: [result.message] };
        note(undefined, method, path, violations);
        return { operationId: undefined, answer: gatewayError(404, 'Resource not found'), violations };
      }
      case 'answered': {
        const { operationId, answer, requestViolations, responseViolations } = result;
        // The response of a fault is not validated, because it is not a response of the service.
        const handled = !visit.isAbandoned && !isInstead(visit.ordeal?.fault);
        const violations = { request: requestViolations, response: handled ? responseViolations : [] };
        note(operationId, method, path, violations);
        if (violations.response.length === 0) return { operationId, answer, violations };
        const title = `The sandbox answered ${operationId} against its contract`;
        return { operationId, answer: sandboxFault(title, responseViolations), violations };
      }
    }
  }

  function note(
    operationId: string | undefined,
    method: string,
    path: string,
    violations: ApiAnswer['violations'],
  ): void {
    for (const direction of ['request', 'response'] as const) {
      const messages = violations[direction];
      if (messages.length > 0) recorder.violation({ direction, operationId, method, path, messages });
    }
  }

  return async (request, url, origin, left) => {
    const unchecked = { operationId: undefined, violations: NONE, ordeal: undefined, marks: [] };
    if (isPreflight(request)) return { ...unchecked, answer: PREFLIGHT, bytes: undefined };
    const bytes = await readRequestBody(request);
    if (bytes === undefined) {
      return { ...unchecked, answer: gatewayError(413, 'Request Entity Too Large'), bytes };
    }
    const call = incomingCall(request, url, bytes, { base: API_BASE, origin });
    const visit: Visit = { left, marks: [], ordeal: undefined, isAbandoned: false };
    const preference = parsePrefer(call.headers['prefer']);
    const result = await exchange(call, preference, (operationId, pathIds) =>
      meetFaults(operationId, pathIds, call, visit),
    );
    const { answer, ...conclusion } = conclude(call, url.pathname, visit, result);
    const { ordeal, marks, isAbandoned } = visit;
    return { ...conclusion, answer: isAbandoned ? undefined : answer, ordeal, marks, bytes };
  };
}

/** A placeholder for Prism: a fault replaces this response. */
const NOT_HANDLED: Answer = { status: 200, headers: {} };
const NONE = { request: [], response: [] };

function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

const PROBLEM = { headers: { 'content-type': 'application/problem+json' } } as const;

/** Not a response of the service: it reports a bug in the sandbox. */
function sandboxFault(title: string, violations: readonly string[]): Answer {
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
