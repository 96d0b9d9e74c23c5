import { createRequire } from 'node:module';
import { MIMEType } from 'node:util';
import type { IHttpRequest } from '@stoplight/prism-http';
import { contractOperations } from './contract.ts';
import type { ContractOperation } from './contract.ts';
import { filesToValidate } from '../decoding/multipart.ts';
import type { IncomingCall } from './incoming-call.ts';
import type { Preference } from './prefer.ts';
import type { Answer } from './problems.ts';
import type { ProfileName } from '../model/profile.ts';

/** The result of a call. */
export type Exchange =
  | {
      readonly kind: 'answered';
      readonly operationId: string;
      readonly answer: Answer;
      readonly requestViolations: readonly string[];
      readonly responseViolations: readonly string[];
    }
  /** No operation has this path and method. The message is Prism's. */
  | { readonly kind: 'no-operation'; readonly status: number; readonly message: string }
  /** No response of the contract matches the preference. */
  | { readonly kind: 'no-response'; readonly operationId: string; readonly message: string }
  /** An unexpected exception: a bug. */
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Handles a matched call. `pathIds` has the values of the path template, `violations` the contract violations of the
 * request.
 */
export type CallHandler = (
  operationId: string,
  pathIds: readonly string[],
  violations: readonly string[],
) => Promise<Answer>;

/** Routes and validates a call. A call with a preference gets a response from the contract, others that of `handler`. */
export type Engine = (
  call: IncomingCall,
  preference: Preference | undefined,
  handler: CallHandler,
) => Promise<Exchange>;

/**
 * Prism's router, validators and mock, around our handlers.
 *
 * Prism's own server and proxy are not used, because they hang on malformed JSON, send a JSON string without its quotes,
 * and re-encode file parts as text. Its modules are imported one by one: the mock alone takes 30 MB of memory, so it is
 * loaded by the first call that needs it.
 *
 * @param document file of the contract. @default the Issuer API's
 */
export async function createEngine(document?: string, profile?: ProfileName): Promise<Engine> {
  const operations = await contractOperations(document, profile);
  return async (call, preference, handler) => {
    try {
      const request = prismRequest(call);
      const route = ROUTER.default({ resources: operations, input: request });
      if (route._tag === 'Left') {
        return { kind: 'no-operation', status: statusOf(route.left), message: route.left.message };
      }
      return await exchange(route.right, request, call, preference, handler);
    } catch (error) {
      return { kind: 'failed', error };
    }
  };
}

async function exchange(
  operation: ContractOperation,
  request: IHttpRequest,
  call: IncomingCall,
  preference: Preference | undefined,
  handler: CallHandler,
): Promise<Exchange> {
  const operationId = operation.iid ?? '';
  const found = [
    ...diagnosticsOf(validateSecurity({ resource: operation, element: request })),
    ...diagnosticsOf(checkInput(operation, request, call.bytes)),
  ];
  const requestViolations = found.map(textOf);
  let answer: Answer;
  if (preference === undefined) {
    answer = await handler(operationId, pathIds(operation.path, call.path), requestViolations);
  } else {
    const { mockResponse } = await import('./mocker.ts');
    const mocked = mockResponse(operation, request, found, preference);
    if (mocked._tag === 'Left') {
      return { kind: 'no-response', operationId, message: mocked.left.message };
    }
    const { statusCode, headers = {}, body } = mocked.right;
    answer = { status: statusCode, headers, body };
  }
  const element = { statusCode: answer.status, headers: { ...answer.headers }, body: answer.body };
  const responseViolations = diagnosticsOf(validateOutput({ resource: operation, element })).map(textOf);
  return { kind: 'answered', operationId, answer, requestViolations, responseViolations };
}

function prismRequest(call: IncomingCall): IHttpRequest {
  return {
    // The cast: Prism's type has the methods of OpenAPI only; another method correctly matches no operation.
    method: call.method.toLowerCase() as IHttpRequest['method'],
    url: { path: call.path, query: { ...call.query } },
    headers: { ...call.headers },
    body: call.body,
  };
}

// Loaded with `require`, because Node, test runners and bundles differ in the import of a CommonJS module.
const load = createRequire(import.meta.url);
const ROUTER: typeof import('@stoplight/prism-http/dist/router/index.js', {
  with: { 'resolution-mode': 'require' },
}) = load('@stoplight/prism-http/dist/router/index.js');
const VALIDATOR: typeof import('@stoplight/prism-http/dist/validator/index.js', {
  with: { 'resolution-mode': 'require' },
}) = load('@stoplight/prism-http/dist/validator/index.js');
const { validateInput, validateOutput, validateSecurity } = VALIDATOR;

type Validation = ReturnType<typeof validateInput>;

function diagnosticsOf(
  validation: ReturnType<typeof validateSecurity | typeof validateInput | typeof validateOutput>,
) {
  return validation._tag === 'Left' ? validation.left : [];
}

/**
 * Prism's validation, except for multipart bodies. Its multipart parser crashes the process on a malformed part, accepts
 * more than the parser of the service and re-encodes files, so validate-document has its own parser.
 */
function checkInput(operation: ContractOperation, element: IHttpRequest, bytes: Buffer): Validation {
  // Prism throws on an invalid path or content-type header.
  if (decoded(element.url.path) === undefined)
    return refuse('path', 'is not percent-encoded as it should be');
  const contentType = element.headers?.['content-type'] ?? '';
  if (operation.iid !== 'validateDocument') {
    if (contentType !== '' && !isMediaType(contentType))
      return refuse('header.content-type', 'is not a media type');
    return validateInput({ resource: operation, element });
  }
  if (!/^multipart\/form-data\s*;/.test(contentType)) {
    return refuse('header.content-type', 'must be multipart/form-data with a boundary');
  }
  const files = filesToValidate(contentType, bytes);
  if (files === undefined) {
    return refuse('body', 'must be one file part of application/pdf and at most one of application/json');
  }
  return files.ignored === undefined ? { _tag: 'Right', right: element } : refuse('body', files.ignored);
}

/** `DiagnosticSeverity.Error` of Prism's types package, which is not a dependency. */
const ERROR = 0;

function refuse(path: string, message: string): Validation {
  return { _tag: 'Left', left: [{ path: path.split('.'), message, severity: ERROR }] };
}

function isMediaType(header: string): boolean {
  try {
    new MIMEType(header);
    return true;
  } catch {
    return false;
  }
}

function textOf(diagnostic: { readonly path?: string[]; readonly message: string }): string {
  const path = diagnostic.path?.join('.') ?? '';
  return path === '' ? diagnostic.message : `${path}: ${diagnostic.message}`;
}

function statusOf(error: Error): number {
  return 'status' in error && typeof error.status === 'number' ? error.status : 500;
}

function pathIds(template: string, path: string): string[] {
  const values = path.split('/').map((segment) => decoded(segment) ?? segment);
  return template
    .split('/')
    .flatMap((segment, index) => (segment.startsWith('{') ? [values[index] ?? ''] : []));
}

/** Undefined if the percent-encoding is invalid. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
