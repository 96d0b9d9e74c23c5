import { createRequire } from 'node:module';
import { MIMEType } from 'node:util';
import { createInstance } from '@stoplight/prism-http';
import type { IHttpRequest, PrismHttpComponents } from '@stoplight/prism-http';
import { validateInput } from '@stoplight/prism-http/dist/validator/index.js';
import pino from 'pino';
import { contractOperations } from './contract.ts';
import { filesToValidate } from '../decoding/multipart.ts';
import type { IncomingCall } from './incoming-call.ts';
import { choose } from './prefer.ts';
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
  | { readonly kind: 'unmatched'; readonly status: number; readonly message: string }
  /** No response of the contract matches the preference. */
  | { readonly kind: 'unfitting'; readonly operationId: string; readonly message: string }
  /** An unexpected exception: a bug. */
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Handles a matched call. `pathIds` has the values of the path template, `violations` the contract violations of the
 * request.
 */
export type Answerer = (
  operationId: string,
  pathIds: readonly string[],
  call: IncomingCall,
  violations: readonly string[],
) => Promise<Answer>;

/**
 * Prism's HTTP engine with our handlers as its forwarder: Prism routes each call and validates request and response
 * against the contract, and the handlers implement the state.
 *
 * Prism's own server and proxy are not used, because they hang on malformed JSON, send a JSON string without its quotes,
 * and re-encode file parts as text.
 *
 * @param document file of the contract. @default the Issuer API's
 */
export async function createEngine(
  answer: Answerer,
  document?: string,
  profile?: ProfileName,
): Promise<(call: IncomingCall, preference: Preference | undefined) => Promise<Exchange>> {
  const operations = await contractOperations(document, profile);
  /** Prism passes its own request type on; this maps it to the original call. */
  const calls = new WeakMap<IHttpRequest, IncomingCall>();
  const matched = new WeakMap<IHttpRequest, string>();

  const prism = createInstance(CONFIG, {
    logger: LOGGER,
    validateInput: (options) => {
      // The only place where Prism reports the matched operation for every kind of response.
      matched.set(options.element, options.resource.iid ?? '');
      return checkInput(options, calls.get(options.element)?.bytes);
    },
    mock: ({ resource, input, config }) => {
      const choice = choose(resource, config, input.data.headers?.['accept']);
      if (typeof choice === 'string') return () => ({ _tag: 'Left', left: new Error(choice) });
      return MOCKER.default({ resource, input, config: { ...config, ...choice } });
    },
    forward:
      ({ data, validations }, _upstream, _proxy, resource) =>
      () =>
      async () => {
        const call = calls.get(data);
        if (call === undefined || resource === undefined) {
          throw new Error('Prism forwarded a call it was not given');
        }
        const { status, headers, body } = await answer(
          resource.iid ?? '',
          pathIds(resource.path, call.path),
          call,
          validations.map(textOf),
        );
        return { _tag: 'Right', right: { statusCode: status, headers: { ...headers }, body } };
      },
  });

  return async (call, preference) => {
    // The cast: Prism's type has the methods of OpenAPI only; another method correctly matches no operation.
    const request = {
      method: call.method.toLowerCase() as IHttpRequest['method'],
      url: { path: call.path, query: { ...call.query } },
      headers: { ...call.headers },
      body: call.body,
    };
    calls.set(request, call);
    const config =
      preference === undefined ? CONFIG : { ...CONFIG, isProxy: false as const, mock: preference };
    try {
      const result = await prism.request(request, operations, config)();
      const operationId = matched.get(request);
      if (result._tag === 'Left' && operationId !== undefined) {
        return { kind: 'unfitting', operationId, message: result.left.message };
      }
      if (result._tag === 'Left') {
        return { kind: 'unmatched', status: statusOf(result.left), message: result.left.message };
      }
      const { output, validations } = result.right;
      return {
        kind: 'answered',
        operationId: operationId ?? '',
        answer: { status: output.statusCode, headers: output.headers ?? {}, body: output.body },
        requestViolations: validations.input.map(textOf),
        responseViolations: validations.output.map(textOf),
      };
    } catch (error) {
      return { kind: 'failed', error };
    }
  };
}

/** Loaded with `require`, because Node and test runners differ in the default import of a CommonJS module. */
const MOCKER: typeof import('@stoplight/prism-http/dist/mocker/index.js', {
  with: { 'resolution-mode': 'require' },
}) = createRequire(import.meta.url)('@stoplight/prism-http/dist/mocker/index.js');

/** A silent logger with Prism's own level `success`. */
const LOGGER_OPTIONS = { level: 'silent', customLevels: { success: 31 } };
// The cast removes the custom level from the type, as Prism declares its logger without it.
const LOGGER = pino<never>(LOGGER_OPTIONS);

const CONFIG = {
  isProxy: true as const,
  // Never used, because `forward` is replaced, but Prism requires a URL.
  upstream: new URL('http://sandbox.invalid/'),
  upstreamProxy: undefined,
  checkSecurity: true,
  validateRequest: true,
  validateResponse: true,
  errors: true,
  mock: { dynamic: false },
};

/**
 * Prism's validation, except for multipart bodies. Its multipart parser crashes the process on a malformed part, accepts
 * more than the parser of the service and re-encodes files, so validate-document has its own parser.
 */
function checkInput(
  { resource, element }: Parameters<PrismHttpComponents['validateInput']>[0],
  bytes: Buffer = Buffer.alloc(0),
): ReturnType<PrismHttpComponents['validateInput']> {
  // Prism throws on an invalid path or content-type header.
  if (decoded(element.url.path) === undefined)
    return refuse('path', 'is not percent-encoded as it should be');
  const contentType = element.headers?.['content-type'] ?? '';
  if (resource.iid !== 'validateDocument') {
    if (contentType !== '' && !isMediaType(contentType))
      return refuse('header.content-type', 'is not a media type');
    return validateInput({ resource, element });
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

function refuse(path: string, message: string): ReturnType<PrismHttpComponents['validateInput']> {
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
