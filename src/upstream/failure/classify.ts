import { kindOfAbort } from '../pipeline/deadline.ts';
import type { UpstreamErrorKind } from './upstream-error.ts';

/** Node and undici codes of failures in which the call cannot have arrived. */
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

/** Sorts a failure without an answer. The signal is asked first: what it makes a call throw is whatever it was aborted with. */
export function kindOfFailure(cause: unknown, signal: AbortSignal | undefined): UpstreamErrorKind {
  if (signal?.aborted === true) return kindOfAbort(signal.reason);
  if (!(cause instanceof Error)) return 'connection-lost';
  const code = 'code' in cause ? String(cause.code) : '';
  if (NOT_CONNECTED.has(code)) return 'unreachable';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'timeout';
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' || code === 'UND_ERR_HEADERS_OVERFLOW') return 'contract';
  // undici's parser errors carry a code for some breaches of HTTP and none for most.
  if (cause.name === 'HTTPParserError') return 'contract';
  return 'connection-lost';
}
