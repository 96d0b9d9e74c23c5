import type { IncomingMessage } from 'node:http';
import { parseJson, textOf } from './request-body.ts';

/** A received call, before validation. */
export interface IncomingCall {
  readonly method: string;
  /** Path below the base path, still percent-encoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  /** The body for validation by Prism. */
  readonly body: unknown;
  /** Scheme, host and port that the client used. */
  readonly origin: string;
  readonly remoteAddress: string;
  /** Aborted when the client has disconnected. */
  readonly signal?: AbortSignal;
}

/** @param location base path of the API, and the origin that the client used */
export function incomingCall(
  request: IncomingMessage,
  url: URL,
  bytes: Buffer,
  { base, origin }: { readonly base: string; readonly origin: string },
): IncomingCall {
  const headers = singleHeaders(request);
  return {
    method: request.method ?? 'GET',
    path: url.pathname.slice(base.length),
    query: queryRecord(url.searchParams),
    headers,
    bytes,
    body: bodyForPrism(bytes, headers),
    origin,
    remoteAddress: request.socket.remoteAddress ?? '',
  };
}

/**
 * The body for validation by Prism: the JSON value; text that is not JSON as a string, so that a bare READY is valid
 * where a string is expected and invalid elsewhere; bytes for multipart.
 */
function bodyForPrism(bytes: Buffer, headers: Readonly<Record<string, string>>): unknown {
  if (bytes.length === 0) return undefined;
  if (/^multipart\//i.test(headers['content-type'] ?? '')) return bytes;
  const json = parseJson(bytes);
  return json === undefined ? textOf(bytes) : json;
}

function singleHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

/** A repeated name has all its values, in order. */
export function queryRecord(query: URLSearchParams): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {};
  for (const name of new Set(query.keys())) {
    const [first = '', ...more] = query.getAll(name);
    record[name] = more.length === 0 ? first : [first, ...more];
  }
  return record;
}
