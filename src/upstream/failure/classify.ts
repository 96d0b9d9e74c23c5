import { kindOfAbort } from '../pipeline/deadline.ts';
import type { UpstreamErrorKind } from './failure-kinds.ts';
import { ProxyError } from '../connect-through.ts';

const KIND_OF_STATUS: Readonly<Record<number, UpstreamErrorKind>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  422: 'unprocessable',
  429: 'rate-limited',
};

/** The kind of an HTTP status of 400 or more. */
export function kindOfStatus(status: number): UpstreamErrorKind {
  if (status >= 500) return 'server-error';
  return KIND_OF_STATUS[status] ?? 'bad-request';
}

/** Node and undici codes of failures after which the call cannot have arrived. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPRIVATE', // of `publicLookup`
  'UND_ERR_CONNECT_TIMEOUT',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** The kind of a failure without an answer. The signal comes first, because an aborted call throws the reason of the abort. */
export function kindOfFailure(cause: unknown, signal: AbortSignal | undefined): UpstreamErrorKind {
  if (signal?.aborted === true) return kindOfAbort(signal.reason);
  if (!(cause instanceof Error)) return 'connection-lost';
  const code = 'code' in cause ? String(cause.code) : '';
  if (cause instanceof ProxyError || NOT_CONNECTED.has(code)) return 'unreachable';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'timeout';
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' || code === 'UND_ERR_HEADERS_OVERFLOW') return 'contract';
  // undici gives its parser errors a code for few breaches of HTTP only.
  if (cause.name === 'HTTPParserError') return 'contract';
  return 'connection-lost';
}
