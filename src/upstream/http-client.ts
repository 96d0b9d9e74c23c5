import { Readable } from 'node:stream';
import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import { connectThrough } from './connect-through.ts';
import { MultipartBody } from './client.ts';
import type { ApiCall, ApiRequest, CallOptions, UpstreamClient } from './client.ts';
import type { Deadline } from './pipeline/deadline.ts';
import { kindOfFailure, kindOfStatus } from './failure/classify.ts';
import { UpstreamError } from './failure/upstream-error.ts';
import { textOf } from './response-text.ts';
import { readRetryAfter } from './pipeline/retry-after.ts';
import type { ServiceClock } from './pipeline/service-clock.ts';
import { NO_PROXY } from './proxy-for.ts';
import type { ProxyFor } from './proxy-for.ts';

export interface HttpClientOptions {
  /** Base URL with its path, e.g. `https://api.io.pagopa.it/api/v1/sign`. The key is sent to this origin only. */
  readonly baseUrl: URL;
  readonly apiKey: string;
  /** Hosts that pre-signed URLs may lead to; see `checkStorageUrl`. */
  readonly storageHosts: readonly string[];
  /** For the connection, the headers and each part of the body, in milliseconds. The whole call has a `Deadline`. */
  readonly timeoutMs: number;
  /** Most connections to the service. */
  readonly connections: number;
  /** @default NO_PROXY */
  readonly proxyFor?: ProxyFor | undefined;
  /** Reads the time of the service from each answer. */
  readonly clock?: ServiceClock | undefined;
  /** Replaces the connection pool; tests use undici's `MockAgent`. */
  readonly dispatcher?: Dispatcher;
}

/** Answers of the service have a few kilobytes. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** Sends each call once over HTTP. Holds a keep-alive pool. */
export class HttpClient implements UpstreamClient {
  readonly #options: HttpClientOptions;
  readonly #basePath: string;
  readonly #dispatcher: Dispatcher;
  #closing: Promise<void> | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#basePath = options.baseUrl.pathname.replace(/\/+$/, '');
    this.#dispatcher =
      options.dispatcher ??
      new Agent({
        connections: options.connections,
        connect: connectThrough({
          proxyFor: options.proxyFor ?? NO_PROXY,
          timeoutMs: Math.min(options.timeoutMs, 5_000),
        }),
        headersTimeout: options.timeoutMs,
        bodyTimeout: options.timeoutMs,
        maxResponseSize: MAX_ANSWER_BYTES,
        allowH2: false,
      });
  }

  async call<Model>(call: ApiCall<Model>, options: CallOptions = {}): Promise<Model> {
    const { operation } = call;
    const { response, bytes } = await this.#send(call, options);
    const { statusCode: status } = response;
    if (status >= 400) throw await failureOf(operation, response, bytes);
    const contract = (cause?: unknown): UpstreamError =>
      new UpstreamError({ operation, kind: 'contract', status, cause });
    if (!call.expect.includes(status)) throw contract();
    try {
      const body = status === 204 ? undefined : await parseJson(response, bytes);
      return await call.decode(body, this.#options);
    } catch (cause) {
      throw contract(cause);
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#dispatcher.close());
  }

  async #send(call: ApiRequest, { signal, deadline, onAnswer, headers: given }: CallOptions) {
    const { apiKey, baseUrl, clock } = this.#options;
    const headers: Record<string, string> = {
      ...given,
      'ocp-apim-subscription-key': apiKey,
      accept: 'application/json, application/problem+json',
      'accept-encoding': 'identity',
    };
    const body = encodeBody(call.body, headers, deadline);
    const calledAt = performance.now();
    try {
      const response = await this.#dispatcher.request({
        origin: baseUrl.origin,
        path: this.#basePath + call.path + encodeQuery(call.query),
        method: call.method,
        headers,
        body,
        ...(signal && { signal }),
      });
      // A proxy that answers for an unavailable service has its own clock.
      if (response.statusCode < 500) clock?.learn(header(response, 'date'), calledAt);
      onAnswer?.(wholeNumber(header(response, 'x-rate-limit-remaining')));
      return { response, bytes: await response.body.bytes() };
    } catch (cause) {
      if (cause instanceof UpstreamError) throw cause;
      throw new UpstreamError({ operation: call.operation, kind: kindOfFailure(cause, signal), cause });
    }
  }
}

function encodeBody(
  body: unknown,
  headers: Record<string, string>,
  deadline: Deadline | undefined,
): string | Readable | null {
  if (body === undefined) return null;
  if (body instanceof MultipartBody) {
    headers['content-type'] = body.contentType;
    return Readable.from(withDeadlineStopped(body.chunks, deadline), { objectMode: false });
  }
  headers['content-type'] = 'application/json';
  return JSON.stringify(body);
}

/** Stops the deadline of the call while the source has no chunk: a slow client is not a slow service. */
async function* withDeadlineStopped(
  chunks: AsyncIterable<Uint8Array>,
  deadline: Deadline | undefined,
): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = source.next();
      const { done, value } = await (deadline === undefined ? next : deadline.renewedBy(next));
      if (done === true) return;
      yield value;
    }
  } finally {
    await source.return?.();
  }
}

function encodeQuery(query: ApiRequest['query']): string {
  const given = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

async function parseJson(response: Dispatcher.ResponseData<unknown>, bytes: Uint8Array): Promise<unknown> {
  const type = header(response, 'content-type') ?? '';
  if (!JSON_TYPE.test(type))
    throw new TypeError(`expected JSON, got ${type.slice(0, 60) || 'no content type'}`);
  return JSON.parse(await textOf(bytes, header(response, 'content-encoding'), MAX_ANSWER_BYTES));
}

/** Reads either error envelope: the backend's problem (`detail`) or the API gateway's (`message`). */
async function failureOf(
  operation: string,
  response: Dispatcher.ResponseData<unknown>,
  bytes: Uint8Array,
): Promise<UpstreamError> {
  const { statusCode: status } = response;
  let detail: string | undefined;
  let isFromBackend = false;
  let cause: unknown;
  try {
    const body = await parseJson(response, bytes);
    if (typeof body === 'object' && body !== null) {
      isFromBackend = 'detail' in body;
      const text = 'detail' in body ? body.detail : 'message' in body ? body.message : undefined;
      if (typeof text === 'string') detail = text;
    }
  } catch (unreadable) {
    cause = unreadable; // the status alone is enough
  }
  const { headers } = response;
  const retryAfterSeconds =
    readRetryAfter(headers['x-rate-limit-retry-after']) ?? readRetryAfter(headers['retry-after']);
  return new UpstreamError({
    operation,
    // Only the backend reports a missing object. A 404 of a proxy in front of it means that the base URL is wrong.
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

function wholeNumber(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value.trim()) ? Number(value) : undefined;
}
