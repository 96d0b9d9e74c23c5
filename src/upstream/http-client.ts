import { Readable } from 'node:stream';
import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import { MultipartBody } from './client.ts';
import type { ApiCall, UpstreamClient } from './client.ts';
import type { Deadline } from './pipeline/deadline.ts';
import { kindOfStatus, UpstreamError } from './failure/upstream-error.ts';
import { kindOfFailure } from './failure/classify.ts';
import { textOf } from './response-text.ts';
import { readRetryAfter } from './pipeline/retry-after.ts';
import type { ServiceClock } from './pipeline/service-clock.ts';

export interface HttpClientOptions {
  /** Base URL with its path, e.g. `https://api.io.pagopa.it/api/v1/sign`. The key is sent to this origin only. */
  readonly baseUrl: URL;
  readonly apiKey: string;
  /** Hosts that pre-signed URLs may lead to; see `checkStorageUrl`. */
  readonly storageHosts: readonly string[];
  /** For the connection, the headers and each part of the body, in milliseconds. The whole has a `Deadline`. */
  readonly timeoutMs: number;
  /** Largest number of connections kept to the service. */
  readonly connections: number;
  /** Learns the service's time from each answer. */
  readonly clock?: ServiceClock | undefined;
  /** Replaces the connection pool; tests use undici's `MockAgent`. */
  readonly dispatcher?: Dispatcher;
}

/** Answers of the service are a few kilobytes; nothing it documents comes near this. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** Makes each call once, as HTTP. Holds a keep-alive pool. */
export function createHttpClient(options: HttpClientOptions): UpstreamClient {
  const { origin, pathname } = options.baseUrl;
  const basePath = pathname.replace(/\/+$/, '');
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

  return {
    async call(call, { signal, deadline, onAnswer } = {}) {
      const headers: Record<string, string> = {
        ...call.headers,
        'ocp-apim-subscription-key': options.apiKey,
        accept: 'application/json, application/problem+json',
        'accept-encoding': 'identity',
      };
      const body = encodeBody(call.body, headers, deadline);
      let response: Dispatcher.ResponseData<unknown>;
      let bytes: Uint8Array;
      const calledAt = performance.now();
      try {
        response = await dispatcher.request({
          origin,
          path: basePath + call.path + encodeQuery(call.query),
          method: call.method,
          headers,
          body,
          ...(signal && { signal }),
        });
        // A proxy that answers for a service which is down has a clock of its own.
        if (response.statusCode < 500) options.clock?.learn(header(response, 'date'), calledAt);
        onAnswer?.(wholeNumber(header(response, 'x-rate-limit-remaining')));
        bytes = await response.body.bytes();
      } catch (cause) {
        if (cause instanceof UpstreamError) throw cause;
        throw new UpstreamError({ operation: call.operation, kind: kindOfFailure(cause, signal), cause });
      }
      const { statusCode: status } = response;
      if (status >= 400) throw await failureOf(call.operation, response, bytes);
      const contract = (cause?: unknown): UpstreamError =>
        new UpstreamError({ operation: call.operation, kind: 'contract', status, cause });
      if (!call.expect.includes(status)) throw contract();
      try {
        return call.decode(status === 204 ? undefined : await parseJson(response, bytes), options);
      } catch (cause) {
        throw contract(cause);
      }
    },
    close: () => (closing ??= dispatcher.close()),
  };
}

function encodeBody(
  body: unknown,
  headers: Record<string, string>,
  deadline: Deadline | undefined,
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
async function* unhurried(
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

function encodeQuery(query: ApiCall<unknown>['query']): string {
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
      const words = 'detail' in body ? body.detail : 'message' in body ? body.message : undefined;
      if (typeof words === 'string') detail = words;
    }
  } catch (unreadable) {
    cause = unreadable; // the status alone still says what happened
  }
  const { headers } = response;
  const retryAfterSeconds =
    readRetryAfter(headers['x-rate-limit-retry-after']) ?? readRetryAfter(headers['retry-after']);
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

function wholeNumber(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value.trim()) ? Number(value) : undefined;
}
