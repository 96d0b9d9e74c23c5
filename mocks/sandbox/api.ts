import type { IncomingMessage } from 'node:http';
import type { Admission, Visitor } from './api-management.ts';
import { contractOperations } from './contract.ts';
import { HANDLERS } from './handlers.ts';
import type { Call } from './operations/operation.ts';
import { parsePrefer } from './prefer.ts';
import type { Preference } from './prefer.ts';
import { createEngine } from './prism.ts';
import type { Exchange, IncomingCall } from './prism.ts';
import type { Answer } from './problems.ts';
import { Refusal, gatewayError } from './problems.ts';
import type { Recorder } from './recorder.ts';
import { parseJson, readRequestBody } from './request-body.ts';
import type { World } from './world.ts';

/** Where the API begins, here as in production. */
export const API_BASE = '/api/v1/sign';

/** An answer and the operation that gave it. */
export interface ApiAnswer {
  readonly operationId: string | undefined;
  readonly answer: Answer;
}

export interface ApiOptions {
  readonly world: World;
  readonly recorder: Recorder;
  readonly admit: (visitor: Visitor) => Admission;
}

/** Answers one call of the API. `origin` is where the caller reached the sandbox. */
export type Api = (request: IncomingMessage, url: URL, origin: string) => Promise<ApiAnswer>;

/**
 * The Issuer API: every call goes through the contract, then to its handler, and back through the contract.
 * @throws Error when the contract has an operation that nobody handles
 */
export async function createApi(options: ApiOptions): Promise<Api> {
  for (const { iid } of await contractOperations()) {
    // Found out now and not by the first call, which Prism would answer from its examples in silence.
    if (!HANDLERS.has(iid ?? '')) throw new Error(`The contract has an operation without a handler: ${iid}`);
  }
  const { world, recorder, admit } = options;

  const exchange = await createEngine(async (operationId, pathIds, call) => {
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
    return withHeaders(answer, admission.headers);
  });

  async function handle(operationId: string, call: Call): Promise<Answer> {
    const handler = HANDLERS.get(operationId);
    if (handler === undefined) throw new Error(`No handler for ${operationId}`);
    try {
      return await handler(call, world);
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  }

  function conclude(
    call: IncomingCall,
    path: string,
    preference: Preference | undefined,
    result: Exchange,
  ): ApiAnswer {
    const { method } = call;
    switch (result.kind) {
      case 'failed':
        recorder.bug(result.error);
        return {
          operationId: undefined,
          answer: sandboxFault('The sandbox has a bug', [String(result.error)]),
        };
      case 'unmatched': {
        const { status, message } = result;
        if (preference !== undefined) {
          const body = { title: message, status, detail: 'Nothing in the contract fits this Prefer header' };
          return { operationId: undefined, answer: { ...PROBLEM, status, body } };
        }
        recorder.violation({
          direction: 'request',
          operationId: undefined,
          method,
          path,
          messages: [message],
        });
        return { operationId: undefined, answer: gatewayError(404, 'Resource not found') };
      }
      case 'answered': {
        const { operationId, answer, requestViolations, responseViolations } = result;
        if (requestViolations.length > 0) {
          recorder.violation({
            direction: 'request',
            operationId,
            method,
            path,
            messages: requestViolations,
          });
        }
        if (responseViolations.length === 0) return { operationId, answer };
        recorder.violation({
          direction: 'response',
          operationId,
          method,
          path,
          messages: responseViolations,
        });
        const title = `The sandbox answered ${operationId} against its contract`;
        return { operationId, answer: sandboxFault(title, responseViolations) };
      }
    }
  }

  return async (request, url, origin) => {
    if (isPreflight(request)) return { operationId: undefined, answer: PREFLIGHT };
    const bytes = await readRequestBody(request);
    if (bytes === undefined) {
      return { operationId: undefined, answer: gatewayError(413, 'Request Entity Too Large') };
    }
    const headers = singleHeaders(request);
    const call = {
      method: request.method ?? 'GET',
      path: url.pathname.slice(API_BASE.length),
      query: queryRecord(url.searchParams),
      headers,
      bytes,
      body: bodyForPrism(bytes, headers),
      origin,
      remoteAddress: request.socket.remoteAddress ?? '',
    };
    const preference = parsePrefer(headers['prefer']);
    return conclude(call, url.pathname, preference, await exchange(call, preference));
  };
}

function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

const PROBLEM = { headers: { 'content-type': 'application/problem+json' } } as const;

/** Not an answer of the service: says loudly that the sandbox itself is wrong. */
function sandboxFault(title: string, violations: readonly string[]): Answer {
  return { ...PROBLEM, status: 500, body: { title, status: 500, detail: violations.join('; '), violations } };
}

/** The gateway of the service lets every origin, method and header in. */
const PREFLIGHT: Answer = {
  status: 200,
  headers: { 'access-control-allow-methods': '*', 'access-control-allow-headers': '*' },
};

function isPreflight(request: IncomingMessage): boolean {
  return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
}

/**
 * What Prism is to check: the JSON value; text that is not JSON as it stands, so that a bare READY passes for the
 * string it means and all else fails; bytes for multipart.
 */
function bodyForPrism(bytes: Buffer, headers: Readonly<Record<string, string>>): unknown {
  if (bytes.length === 0) return undefined;
  if (/^multipart\//i.test(headers['content-type'] ?? '')) return bytes;
  const json = parseJson(bytes);
  return json === undefined ? bytes.toString() : json;
}

function singleHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

function queryRecord(query: URLSearchParams): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {};
  for (const name of new Set(query.keys())) {
    const [first = '', ...more] = query.getAll(name);
    record[name] = more.length === 0 ? first : [first, ...more];
  }
  return record;
}
