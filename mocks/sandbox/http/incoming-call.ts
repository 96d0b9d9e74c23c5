import type { IncomingMessage } from 'node:http';
import { parseJson, textOf } from './request-body.ts';

/** A call as it came, on its way into the contract check. */
export interface IncomingCall {
  readonly method: string;
  /** Below the base of the API, still encoded. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  /** The body as Prism is to see it. */
  readonly body: unknown;
  /** Scheme, host and port under which the caller reached the sandbox. */
  readonly origin: string;
  readonly remoteAddress: string;
  /** Aborted when the caller has left. */
  readonly signal?: AbortSignal;
}

/** @param place where the API begins on this server, and where the caller found the server */
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
 * What Prism is to check: the JSON value; text that is not JSON as it stands, so that a bare READY passes for the
 * string it means and all else fails; bytes for multipart.
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

/** A name that is there more than once has all its values, in order. */
export function queryRecord(query: URLSearchParams): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {};
  for (const name of new Set(query.keys())) {
    const [first = '', ...more] = query.getAll(name);
    record[name] = more.length === 0 ? first : [first, ...more];
  }
  return record;
}
