import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { connectThrough } from './connect-through.ts';
import { MultipartBody } from './call.ts';
import type { ApiCall, ApiRequest, CallOptions, UpstreamClient } from './call.ts';
import type { Deadline } from './pipeline/deadline.ts';
import { kindOfFailure, kindOfStatus, UpstreamError } from './failure.ts';
import { receiveAnswer, decodedTextOf, plainTextOf } from './receive-answer.ts';
import type { Answer } from './receive-answer.ts';
import { readRetryAfter } from './pipeline/retry.ts';
import type { ServiceClock } from './pipeline/service-clock.ts';
import type { ProxyFor } from './connect-through.ts';

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
  readonly proxyFor: ProxyFor;
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
  readonly #origin: string;
  readonly #basePath: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #dispatcher: Dispatcher;
  #closed: Promise<void> | undefined;

  constructor(options: HttpClientOptions) {
    const { baseUrl, apiKey, connections, timeoutMs, proxyFor } = options;
    this.#options = options;
    this.#origin = baseUrl.origin;
    this.#basePath = baseUrl.pathname.replace(/\/+$/, '');
    this.#headers = {
      'ocp-apim-subscription-key': apiKey,
      accept: 'application/json, application/problem+json',
      'accept-encoding': 'identity',
    };
    this.#dispatcher =
      options.dispatcher ??
      new Pool(this.#origin, {
        connections,
        connect: connectThrough({ proxyFor, timeoutMs: Math.min(timeoutMs, 5_000) }),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        maxResponseSize: MAX_ANSWER_BYTES,
        allowH2: false,
      });
  }

  async call<Model>(call: ApiCall<Model>, options: CallOptions = {}): Promise<Model> {
    const { operation } = call;
    const answer = await this.#send(call, options);
    const { status } = answer;
    if (status >= 400) throw await failureOf(operation, answer);
    if (!call.expect.includes(status)) throw new UpstreamError({ operation, kind: 'contract', status });
    try {
      if (status === 204) return await call.decode(undefined, this.#options);
      const text = textOf(answer);
      return await call.decode(JSON.parse(typeof text === 'string' ? text : await text), this.#options);
    } catch (cause) {
      throw new UpstreamError({ operation, kind: 'contract', status, cause });
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#dispatcher.close());
  }

  /** Without a copy for a call that has no headers of its own, as most reads. */
  #headersWith(given: CallOptions['headers'], contentType: string | undefined) {
    if (given === undefined && contentType === undefined) return this.#headers;
    return {
      ...given,
      ...this.#headers,
      ...(contentType !== undefined && { 'content-type': contentType }),
    };
  }

  #send(call: ApiRequest, { signal, deadline, onAnswer, headers: given }: CallOptions): Promise<Answer> {
    const { operation } = call;
    const { clock } = this.#options;
    const { body, contentType } = encodeBody(call.body, deadline);
    const calledAt = performance.now();
    const request = {
      origin: this.#origin,
      path: this.#basePath + call.path + encodeQuery(call.query),
      method: call.method,
      headers: this.#headersWith(given, contentType),
      body,
    };
    return receiveAnswer(this.#dispatcher, request, {
      signal,
      onStart(status, headers) {
        // A proxy that answers for an unavailable service has its own clock.
        if (status < 500) clock?.learn(headerOf(headers, 'date'), calledAt);
        onAnswer?.(wholeNumber(headerOf(headers, 'x-rate-limit-remaining')));
      },
      failureOf(cause) {
        if (cause instanceof UpstreamError) return cause;
        return new UpstreamError({ operation, kind: kindOfFailure(cause, signal), cause });
      },
    });
  }
}

interface EncodedBody {
  readonly body: string | Readable | null;
  readonly contentType?: string;
}

function encodeBody(body: unknown, deadline: Deadline | undefined): EncodedBody {
  if (body === undefined) return NO_BODY;
  if (!(body instanceof MultipartBody))
    return { body: JSON.stringify(body), contentType: 'application/json' };
  const { chunks, contentType } = body;
  return { body: Readable.from(withDeadlineStopped(chunks, deadline), { objectMode: false }), contentType };
}

const NO_BODY: EncodedBody = { body: null };

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
  if (query === undefined) return '';
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

/**
 * The text of a JSON body; a promise if a proxy has compressed it.
 * @throws {TypeError} for another media type
 */
function textOf({ headers, bytes }: Answer): string | Promise<string> {
  const type = headerOf(headers, 'content-type') ?? '';
  if (!JSON_TYPE.test(type))
    throw new TypeError(`expected JSON, got ${type.slice(0, 60) || 'no content type'}`);
  const coding = headerOf(headers, 'content-encoding');
  return coding === undefined ? plainTextOf(bytes) : decodedTextOf(bytes, coding, MAX_ANSWER_BYTES);
}

/** Reads either error envelope: the backend's problem (`detail`) or the API gateway's (`message`). */
async function failureOf(operation: string, answer: Answer): Promise<UpstreamError> {
  const { status, headers } = answer;
  let detail: string | undefined;
  let isFromBackend = false;
  let cause: unknown;
  try {
    const body: unknown = JSON.parse(await textOf(answer));
    if (typeof body === 'object' && body !== null) {
      isFromBackend = 'detail' in body;
      const text = 'detail' in body ? body.detail : 'message' in body ? body.message : undefined;
      if (typeof text === 'string') detail = text;
    }
  } catch (unreadable) {
    cause = unreadable; // the status is sufficient
  }
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

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function wholeNumber(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value.trim()) ? Number(value) : undefined;
}
