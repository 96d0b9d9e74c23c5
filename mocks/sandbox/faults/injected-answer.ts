import { STATUS_CODES } from 'node:http';
import { gatewayError, problem, validationProblem } from '../http/problems.ts';
import type { Answer } from '../http/problems.ts';
import { StorageError } from '../storage/storage-error.ts';
import type { World } from '../model/world.ts';
import type { WireAnswer } from '../http/wire-answer.ts';
import type { ReplacingFault, RateLimitFault, AlteringFault, StatusFault } from './fault.ts';
import type { FiredFaults } from './faults.ts';

/** Whether the fault replaces the response, so that the call is not processed. */
export function replacesResponse(fault: FiredFaults['fault']): fault is ReplacingFault {
  switch (fault?.kind) {
    case 'status':
    case 'rate-limit':
    case 'wrong-content-type':
      return true;
    case 'reset':
      return fault.when === 'before';
    default:
      return false;
  }
}

/** The response of a fault in place of the API. Undefined if the connection is reset. */
export function apiFaultAnswer(fault: ReplacingFault): WireAnswer | undefined {
  switch (fault.kind) {
    case 'status':
      return withRetryAfter(
        json(fault.envelope === 'gateway' ? gatewayAnswer(fault) : backendAnswer(fault)),
        fault,
      );
    case 'rate-limit':
      return withRetryAfter(json(rateLimitAnswer(fault)), fault);
    case 'wrong-content-type':
      return htmlPage(fault.status);
    case 'reset':
      return undefined;
  }
}

/** The response of a fault in place of the storage. Undefined if the connection is reset. */
export function storageFaultAnswer(fault: ReplacingFault, world: World): WireAnswer | undefined {
  switch (fault.kind) {
    case 'status': {
      const known = AZURE_ERRORS[fault.status] ?? (fault.status < 500 ? INVALID_INPUT : INTERNAL_ERROR);
      const message = fault.detail ?? known.message;
      return withRetryAfter(azureError(fault.status, fault.code ?? known.code, message, world), fault);
    }
    case 'rate-limit':
      return withRetryAfter(azureError(503, SERVER_BUSY.code, SERVER_BUSY.message, world), fault);
    case 'wrong-content-type':
      return htmlPage(fault.status);
    case 'reset':
      return undefined;
  }
}

/** The response with the body changed by the fault. */
export function withAlteredBody(answer: WireAnswer, fault: AlteringFault | undefined): WireAnswer {
  switch (fault?.kind) {
    case 'malformed-body':
      return withBody(answer, 'this is not JSON: {"id": nope');
    case 'truncated-body': {
      const whole = Buffer.from(answer.body ?? '');
      return withBody(answer, whole.length === 0 ? '{' : whole.subarray(0, Math.floor(whole.length / 2)));
    }
    default:
      return answer;
  }
}

function withRetryAfter(answer: WireAnswer, { retryAfter }: StatusFault | RateLimitFault): WireAnswer {
  if (retryAfter === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, 'retry-after': retryAfter } };
}

function withBody(answer: WireAnswer, body: Buffer | string): WireAnswer {
  const { 'content-length': _, ...headers } = answer.headers;
  return {
    status: answer.status === 204 ? 200 : answer.status,
    headers: { 'content-type': 'application/json', ...headers },
    body,
  };
}

function backendAnswer({ status, detail }: StatusFault): Answer {
  // The reasons of a 422 are in its violations; its detail is constant.
  if (status === 422) return validationProblem(detail === undefined ? [] : [detail]).answer;
  const title = status === 429 ? 'Too many request' : (STATUS_CODES[status] ?? 'Error');
  return problem({ title, status, detail: detail ?? BACKEND_DETAILS[status] ?? 'Something went wrong.' })
    .answer;
}

function gatewayAnswer({ status, detail }: StatusFault): Answer {
  return gatewayError(status, detail ?? STATUS_CODES[status] ?? 'Error');
}

function rateLimitAnswer({ retryAfterSeconds = 1 }: RateLimitFault): Answer {
  return gatewayError(429, `Rate limit is exceeded. Try again in ${retryAfterSeconds} seconds.`, {
    'x-rate-limit-remaining': '0',
    'x-rate-limit-retry-after': String(retryAfterSeconds),
  });
}

function json({ status, headers, body }: Answer): WireAnswer {
  return { status, headers, body: JSON.stringify(body) };
}

function htmlPage(status = 200): WireAnswer {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!doctype html><html><head><title>Proxy</title></head><body><h1>Service not reachable</h1></body></html>\n',
  };
}

function azureError(status: number, code: string, message: string, world: World): WireAnswer {
  const requestId = world.ids.uuid();
  const now = world.clock.now();
  return {
    status,
    headers: { 'x-ms-request-id': requestId, 'x-ms-error-code': code, 'content-type': 'application/xml' },
    body: new StorageError(status, code, message).xml(requestId, now),
  };
}

/** The `detail` of the backend by status. */
const BACKEND_DETAILS: Readonly<Record<number, string>> = {
  401: 'You must provide a valid API key to access this resource.',
  429: 'Too many requests.',
};

interface AzureError {
  readonly code: string;
  readonly message: string;
}

const INVALID_INPUT: AzureError = {
  code: 'InvalidInput',
  message: 'One of the request inputs is not valid.',
};
const INTERNAL_ERROR: AzureError = {
  code: 'InternalError',
  message: 'The server encountered an internal error. Please retry the request.',
};
const SERVER_BUSY: AzureError = {
  code: 'ServerBusy',
  message: 'The server is currently unable to receive requests. Please retry your request.',
};

/** Common error codes of Azure Storage. */
const AZURE_ERRORS: Readonly<Record<number, AzureError>> = {
  403: {
    code: 'AuthenticationFailed',
    message:
      'Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.',
  },
  404: { code: 'BlobNotFound', message: 'The specified blob does not exist.' },
  503: SERVER_BUSY,
};
