import { Readable } from 'node:stream';
import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import { Deadline } from './deadline.ts';
import { kindOfStatus, UpstreamError } from './errors.ts';
import type { UpstreamErrorKind } from './errors.ts';
import type { operations } from './openapi.d.ts';
import { pauseBeforeRepeat } from './retry.ts';

/** The JSON body that the contract wants for an operation. */
export type ApiBody<Operation extends keyof operations> = operations[Operation] extends {
  requestBody: { content: { 'application/json': infer Body } };
}
  ? Body
  : never;

/** One call as an operation describes it; everything else (key, deadline, repeats) is the client's. */
export interface ApiCall<Model> {
  /** `operationId` of `mocks/openapi.yaml`. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path below the base URL, made with the `path` tag so that no id can reach another path. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. A `MultipartBody` is streamed as it is and never sent twice. */
  readonly body?: unknown;
  /** Besides those that the client itself sends. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Success statuses: the documented one and the one the running service sends. */
  readonly expect: readonly number[];
  /** Checks the body of a success and turns it into a model; gets `undefined` for 204. Throws when the shape is wrong. */
  readonly decode: (body: unknown) => Model;
}

/** A body that is streamed, with the content type that describes it. */
export class MultipartBody {
  readonly contentType: string;
  readonly chunks: AsyncIterable<Uint8Array>;

  constructor(contentType: string, chunks: AsyncIterable<Uint8Array>) {
    this.contentType = contentType;
    this.chunks = chunks;
  }
}

export interface CallOptions {
  /** Aborts the call when the caller of the gateway leaves. */
  readonly signal?: AbortSignal | undefined;
}

export interface UpstreamClientOptions {
  /** Base URL with its path, e.g. `https://api.io.pagopa.it/api/v1/sign`. The key is sent to this origin only. */
  readonly baseUrl: URL;
  readonly apiKey: string;
  /** Deadline of one call with all its repeats, in milliseconds. */
  readonly timeoutMs: number;
  /** Largest number of connections kept to the service. */
  readonly connections: number;
  /** Replaces the connection pool; tests use undici's `MockAgent`. */
  readonly dispatcher?: Dispatcher;
}

/** The only way to the service's API. Holds a keep-alive pool; close it when done. */
export interface UpstreamClient {
  /**
   * Makes one call and decodes its answer.
   * @throws {UpstreamError} for every failure, whatever its origin.
   */
  call<Model>(call: ApiCall<Model>, options?: CallOptions): Promise<Model>;
  close(): Promise<void>;
}

/** Answers of the service are a few kilobytes; nothing it documents comes near this. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const { origin, pathname } = options.baseUrl;
  const basePath = pathname.replace(/\/$/, '');
  const dispatcher =
    options.dispatcher ??
    new Agent({
      connections: options.connections,
      connect: { timeout: Math.min(options.timeoutMs, 5_000) },
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      maxResponseSize: MAX_ANSWER_BYTES,
      allowH2: false,
    });
  let closing: Promise<void> | undefined;

  async function attempt<Model>(call: ApiCall<Model>, deadline: Deadline): Promise<Model> {
    const headers: Record<string, string> = {
      ...call.headers,
      'ocp-apim-subscription-key': options.apiKey,
      accept: 'application/json, application/problem+json',
    };
    const body = encodeBody(call.body, headers, deadline);
    let response: Dispatcher.ResponseData<unknown>;
    let text: string;
    try {
      response = await dispatcher.request({
        origin,
        path: basePath + call.path + encodeQuery(call.query),
        method: call.method,
        headers,
        body,
        signal: deadline.signal,
      });
      text = await response.body.text();
    } catch (cause) {
      if (cause instanceof UpstreamError) throw cause;
      throw new UpstreamError({ operation: call.operation, kind: kindOfFailure(cause, deadline), cause });
    }
    const { statusCode: status } = response;
    if (status >= 400) throw failureOf(call.operation, response, text);
    const contract = (cause?: unknown): UpstreamError =>
      new UpstreamError({ operation: call.operation, kind: 'contract', status, cause });
    if (!call.expect.includes(status)) throw contract();
    try {
      return call.decode(status === 204 ? undefined : parseJson(response, text));
    } catch (cause) {
      throw contract(cause);
    }
  }

  return {
    async call(call, { signal } = {}) {
      using deadline = new Deadline(options.timeoutMs, signal);
      for (let attempts = 1; ; attempts += 1) {
        try {
          return await attempt(call, deadline);
        } catch (failure) {
          if (!(failure instanceof UpstreamError)) throw failure;
          if (await pauseBeforeRepeat(call, failure, attempts, deadline)) continue;
          if (signal?.aborted !== true || failure.kind === 'aborted') throw failure;
          // The caller left during the pause: whoever polls must not take that for a passing failure.
          throw new UpstreamError({ operation: call.operation, kind: 'aborted', cause: failure });
        }
      }
    },
    close: () => (closing ??= dispatcher.close()),
  };
}

function encodeBody(
  body: unknown,
  headers: Record<string, string>,
  deadline: Deadline,
): string | Readable | null {
  if (body === undefined) return null;
  if (body instanceof MultipartBody) {
    headers['content-type'] = body.contentType;
    return Readable.from(unhurried(body.chunks, deadline), { objectMode: false });
  }
  headers['content-type'] = 'application/json';
  return JSON.stringify(body);
}

/** The chunks, with the clock of the call stopped while their source has none: a slow client is not a slow service. */
async function* unhurried(chunks: AsyncIterable<Uint8Array>, deadline: Deadline): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await deadline.pausedFor(source.next());
      if (done === true) return;
      yield value;
    }
  } finally {
    await source.return?.();
  }
}

function encodeQuery(query: ApiCall<unknown>['query']): string {
  const given = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

function parseJson(response: Dispatcher.ResponseData<unknown>, text: string): unknown {
  const type = header(response, 'content-type') ?? '';
  if (!JSON_TYPE.test(type))
    throw new TypeError(`expected JSON, got ${type.slice(0, 60) || 'no content type'}`);
  return JSON.parse(text);
}

/** Reads either error envelope: the backend's problem (`detail`) or the API gateway's (`message`). */
function failureOf(
  operation: string,
  response: Dispatcher.ResponseData<unknown>,
  text: string,
): UpstreamError {
  const { statusCode: status } = response;
  let detail: string | undefined;
  let isFromBackend = false;
  let cause: unknown;
  try {
    const body = parseJson(response, text);
    if (typeof body === 'object' && body !== null) {
      isFromBackend = 'detail' in body;
      const words = 'detail' in body ? body.detail : 'message' in body ? body.message : undefined;
      if (typeof words === 'string') detail = words;
    }
  } catch (unreadable) {
    cause = unreadable; // the status alone still says what happened
  }
  const retryAfterSeconds =
    seconds(header(response, 'x-rate-limit-retry-after')) ?? seconds(header(response, 'retry-after'));
  return new UpstreamError({
    operation,
    // What is missing, the backend says itself. A 404 of anybody before it means that the base address is wrong.
    kind: status === 404 && !isFromBackend ? 'contract' : kindOfStatus(status),
    status,
    detail,
    retryAfterSeconds,
    cause,
  });
}

function header(response: Dispatcher.ResponseData<unknown>, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function seconds(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value.trim()) ? Number(value) : undefined;
}

/** Node and undici codes of failures in which the call cannot have arrived. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** Sorts a failure without an answer. The signals are asked first: what they throw is whatever they were aborted with. */
function kindOfFailure(cause: unknown, { caller, signal }: Deadline): UpstreamErrorKind {
  if (caller?.aborted === true) return 'aborted';
  if (signal.aborted) return 'timeout';
  if (!(cause instanceof Error)) return 'connection-lost';
  const code = 'code' in cause ? String(cause.code) : '';
  if (NOT_CONNECTED.has(code)) return 'unreachable';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'timeout';
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' || code === 'UND_ERR_HEADERS_OVERFLOW') return 'contract';
  // undici's parser errors carry a code for some breaches of HTTP and none for most.
  if (cause.name === 'HTTPParserError') return 'contract';
  return 'connection-lost';
}
