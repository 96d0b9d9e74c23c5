import { z } from 'zod';
import { issuerKey } from '../auth/issuer-keys.ts';
import type { RateLimit } from '../upstream/rate-limit/rate-window.ts';
import type { CircuitLimits } from '../upstream/pipeline/circuit-breaker.ts';
import type { IssuerKeys } from '../upstream/clients.ts';
import { filled, itemsOf, urlOf, webAddress, wholeNumber } from './validators.ts';
import type { Environment, Values } from './validators.ts';

/** The upstream service or sandbox, and the limits of calls to it. */
export interface UpstreamConfig {
  /** Undefined: the sandbox is the upstream. */
  readonly apiKey: IssuerKeys | undefined;
  readonly apiUrl: URL | undefined;
  /** A running sandbox. */
  readonly sandboxUrl: URL | undefined;
  readonly sandboxPort: number;
  /** Hosts that pre-signed URLs may lead to; see `checkStorageUrl`. */
  readonly storageHosts: readonly string[];
  readonly upstreamTimeoutMs: number;
  /** The deadline of an operation; see `Operations`. */
  readonly operationTimeoutMs: number;
  readonly upstreamConnections: number;
  /** When the circuit breakers of service and storage open, and for how long. */
  readonly circuit: CircuitLimits;
  /** The rate budget of one API key. */
  readonly rateLimit: RateLimit;
  /** Signature requests in a final status to keep; see `FinalRequests`. 0: none. */
  readonly finalRequestsKept: number;
}

const SERVICE_URL = 'https://api.io.pagopa.it/api/v1/sign';

/** Whether a URL leads to the real service. */
export const isService = ({ hostname }: URL): boolean => /(^|\.)pagopa\.it$/.test(hostname);

const HOST_NAME = /^[\w.-]+$/;
const isStorageHost = (text: string): boolean => {
  if (HOST_NAME.test(text)) return true;
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
};

export const upstreamVariables = {
  SANDBOX_PORT: wholeNumber(0, 65_535).default(4010).describe('Port of the sandbox that `npm start` starts.'),
  FIRMA_API_KEY: issuerKey
    .optional()
    .describe(
      'API key of the issuer. Without one the gateway starts a sandbox and uses it; production requires one.',
    ),
  FIRMA_API_KEY_FILE: filled.optional().describe('File that holds the key, instead of `FIRMA_API_KEY`.'),
  TENANTS_FILE: filled
    .optional()
    .describe(
      'JSON file with one key per tenant, instead of a single key. See [authentication](../guide/authentication.md).',
    ),
  FIRMA_API_URL: webAddress
    .optional()
    .describe(`Base URL of the service. Requires a key; with a key the default is \`${SERVICE_URL}\`.`),
  SANDBOX_URL: webAddress
    .refine((url) => !isService(new URL(url)), 'must not be the real service')
    .optional()
    .describe(
      'URL of a running sandbox to use, for example `http://localhost:4010`, with or without its path `/api/v1/sign`. Needs no key.',
    ),
  FIRMA_STORAGE_HOSTS: z
    .string()
    .refine((hosts) => itemsOf(hosts).every(isStorageHost), {
      error: 'must be comma-separated host names, or origins such as http://127.0.0.1:10000',
    })
    .default('iopitnsignst01.blob.core.windows.net')
    .describe(
      'Hosts that pre-signed URLs may lead to, comma-separated: host names (https) or whole origins.',
    ),
  UPSTREAM_TIMEOUT_SECONDS: wholeNumber(1, 300).default(20).describe('Deadline of one upstream call.'),
  // Longer than the longest `waitSeconds` of the schema (55 s), so that time is left before and after the wait.
  OPERATION_TIMEOUT_SECONDS: wholeNumber(60, 600)
    .default(90)
    .describe(
      'Deadline of one operation, waits included. An operation with files counts from their last byte.',
    ),
  UPSTREAM_CONNECTIONS: wholeNumber(1, 1_000).default(50).describe('Connections to the service at most.'),
  CIRCUIT_FAILURES: wholeNumber(1, 1_000)
    .default(10)
    .describe('Consecutive failures after which the circuit to the service, or to its storage, opens.'),
  CIRCUIT_OPEN_SECONDS: wholeNumber(1, 300)
    .default(10)
    .describe('How long the circuit stays open before a single trial call.'),
  RATE_BUDGET_CALLS: wholeNumber(1, 100_000)
    .default(150)
    .describe(
      'Upstream calls per key in one window; further calls wait in a queue. Set it lower if other programs use the key.',
    ),
  RATE_BUDGET_WINDOW_SECONDS: wholeNumber(1, 60).default(5).describe('Length of that window.'),
  FINAL_REQUESTS_KEPT: wholeNumber(0, 1_000_000)
    .default(0)
    .describe(
      'Signature requests in a final status that the gateway keeps in memory for the callers who read them. `0` keeps none. See [fewer upstream calls](../operations.md#fewer-upstream-calls).',
    ),
};

/** Messages about variables that conflict. */
export function* upstreamConflictsIn(env: Environment): Generator<string> {
  const has = (name: string): boolean => env[name] !== undefined;
  const hasOneKey = has('FIRMA_API_KEY') || has('FIRMA_API_KEY_FILE');
  const hasKey = hasOneKey || has('TENANTS_FILE');
  if (has('FIRMA_API_KEY') && has('FIRMA_API_KEY_FILE'))
    yield 'FIRMA_API_KEY: set this or FIRMA_API_KEY_FILE, not both';
  if (has('FIRMA_API_URL') && has('SANDBOX_URL')) yield 'SANDBOX_URL: set this or FIRMA_API_URL, not both';
  if (has('FIRMA_API_URL') && !hasKey)
    yield 'FIRMA_API_URL: requires FIRMA_API_KEY, FIRMA_API_KEY_FILE or TENANTS_FILE';
  if (hasOneKey && has('TENANTS_FILE'))
    yield 'TENANTS_FILE: set this or a single key (FIRMA_API_KEY, FIRMA_API_KEY_FILE), not both';
  const isForReal = (hasKey && !has('SANDBOX_URL')) || env['NODE_ENV'] === 'production';
  if (isForReal && !has('AUTH'))
    yield 'AUTH: must be set: jwt or api-key; or none if only trusted callers can reach the gateway';
}

/** The API of a sandbox is below this path; its origin alone is accepted, as the sandbox prints both. */
function sandboxUrlOf(value: string | undefined): URL | undefined {
  const url = urlOf(value);
  if (url?.pathname === '/') url.pathname = '/api/v1/sign';
  return url;
}

/** @param apiKey the key of the variable or of its file, or the keys of the tenants */
export function upstreamConfigOf(
  values: Values<typeof upstreamVariables>,
  apiKey: IssuerKeys | undefined,
): UpstreamConfig {
  return {
    apiKey,
    apiUrl: urlOf(values.FIRMA_API_URL ?? (apiKey === undefined ? undefined : SERVICE_URL)),
    sandboxUrl: sandboxUrlOf(values.SANDBOX_URL),
    sandboxPort: values.SANDBOX_PORT,
    storageHosts: itemsOf(values.FIRMA_STORAGE_HOSTS),
    upstreamTimeoutMs: values.UPSTREAM_TIMEOUT_SECONDS * 1000,
    operationTimeoutMs: values.OPERATION_TIMEOUT_SECONDS * 1000,
    upstreamConnections: values.UPSTREAM_CONNECTIONS,
    circuit: { failures: values.CIRCUIT_FAILURES, openMs: values.CIRCUIT_OPEN_SECONDS * 1000 },
    rateLimit: { calls: values.RATE_BUDGET_CALLS, windowMs: values.RATE_BUDGET_WINDOW_SECONDS * 1000 },
    finalRequestsKept: values.FINAL_REQUESTS_KEPT,
  };
}
