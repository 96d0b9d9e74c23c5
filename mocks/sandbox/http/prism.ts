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

/** How a call went. */
export type Exchange =
  | {
      readonly kind: 'answered';
      readonly operationId: string;
      readonly answer: Answer;
      readonly requestViolations: readonly string[];
      readonly responseViolations: readonly string[];
    }
  /** No operation has this path and method. In Prism's words. */
  | { readonly kind: 'unmatched'; readonly status: number; readonly message: string }
  /** Nothing in the contract fits the preference. */
  | { readonly kind: 'unfitting'; readonly operationId: string; readonly message: string }
  /** An exception that nobody expected: a bug. */
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Answers one matched call; values of the path template come in `pathIds`, and what the contract has against the call in
 * `violations`.
 */
export type Answerer = (
  operationId: string,
  pathIds: readonly string[],
  call: IncomingCall,
  violations: readonly string[],
) => Promise<Answer>;

/**
 * Prism's HTTP engine, with our handlers in the place of its forwarder: it routes each call and holds request and
 * answer against the contract, the handlers keep the state.
 *
 * Prism's own server and its proxy are not used. They hang on malformed JSON, send a JSON string without its quotes
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
  /** Prism hands its own request type through; this finds the call that it was made from. */
  const calls = new WeakMap<IHttpRequest, IncomingCall>();
  const matched = new WeakMap<IHttpRequest, string>();

  const prism = createInstance(CONFIG, {
    logger: LOGGER,
    validateInput: (options) => {
      // The one place where Prism tells which operation matched, whoever answers it.
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
    // Prism knows the methods of OpenAPI only; another one matches no operation, which is the right answer.
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

/** By `require`, as Node and test runners disagree on what the default import of a CommonJS module is. */
const MOCKER: typeof import('@stoplight/prism-http/dist/mocker/index.js', {
  with: { 'resolution-mode': 'require' },
}) = createRequire(import.meta.url)('@stoplight/prism-http/dist/mocker/index.js');

/** Prism logs at a level of its own, `success`. Nothing is written. */
const LOGGER_OPTIONS = { level: 'silent', customLevels: { success: 31 } };
// Without the custom level in its type, which is how Prism declares the logger it wants.
const LOGGER = pino<never>(LOGGER_OPTIONS);

const CONFIG = {
  isProxy: true as const,
  // Never called: `forward` is ours. Prism wants an address all the same.
  upstream: new URL('http://sandbox.invalid/'),
  upstreamProxy: undefined,
  checkSecurity: true,
  validateRequest: true,
  validateResponse: true,
  errors: true,
  mock: { dynamic: false },
};

/**
 * Prism's check, apart from bodies it cannot read. Its multipart parser takes the process down on a malformed part,
 * knows nothing of the service's narrow one and re-encodes files, so validate-document is read by our own.
 */
function checkInput(
  { resource, element }: Parameters<PrismHttpComponents['validateInput']>[0],
  bytes: Buffer = Buffer.alloc(0),
): ReturnType<PrismHttpComponents['validateInput']> {
  // Prism throws on a path and on a content-type header that are not what they should be.
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

/** `DiagnosticSeverity.Error` of Prism's types package, which is not ours to import. */
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

/** Undefined when the percent-encoding is broken. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
