import { z } from 'zod';
import { issuerKey } from '../auth/issuer-key.ts';
import type { RateLimit } from '../upstream/budget/rate-window.ts';
import type { CircuitLimits } from '../upstream/circuit-breaker.ts';
import type { IssuerKeys } from '../upstream/clients.ts';
import { filled, itemsOf, urlOf, webAddress, wholeNumber } from './forms.ts';
import type { Environment, Values } from './forms.ts';

/** Which service, or which sandbox, and how it is called. */
export interface UpstreamConfig {
  /** Undefined: there is no key, so the sandbox is the upstream. */
  readonly apiKey: IssuerKeys | undefined;
  readonly apiUrl: URL | undefined;
  /** A sandbox that already runs. */
  readonly sandboxUrl: URL | undefined;
  readonly sandboxPort: number;
  readonly storageHosts: readonly string[];
  readonly upstreamTimeoutMs: number;
  readonly operationTimeoutMs: number;
  readonly upstreamConnections: number;
  readonly circuit: CircuitLimits;
  readonly rateLimit: RateLimit;
}

const SERVICE_URL = 'https://api.io.pagopa.it/api/v1/sign';

/** Where the real service lives. */
export const isService = ({ hostname }: URL): boolean => /(^|\.)pagopa\.it$/.test(hostname);

const HOST_NAME = /^[\w.-]+$/;
const isStorageHost = (text: string): boolean => {
  if (HOST_NAME.test(text)) return true;
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
};

export const upstreamVariables = {
  SANDBOX_PORT: wholeNumber(0, 65_535).default(4010),
  FIRMA_API_KEY: issuerKey.optional(),
  FIRMA_API_KEY_FILE: filled.optional(),
  TENANTS_FILE: filled.optional(),
  FIRMA_API_URL: webAddress.optional(),
  SANDBOX_URL: webAddress
    .refine((url) => !isService(new URL(url)), 'must not be the real service')
    .optional(),
  FIRMA_STORAGE_HOSTS: z
    .string()
    .refine((hosts) => itemsOf(hosts).every(isStorageHost), {
      error: 'must be host names, or origins such as http://127.0.0.1:10000, with commas between them',
    })
    .default('iopitnsignst01.blob.core.windows.net'),
  UPSTREAM_TIMEOUT_SECONDS: wholeNumber(1, 300).default(20),
  // Whoever waits as long as the schema allows (55 s) must have time left for what comes before and after.
  OPERATION_TIMEOUT_SECONDS: wholeNumber(60, 600).default(90),
  UPSTREAM_CONNECTIONS: wholeNumber(1, 1_000).default(50),
  CIRCUIT_FAILURES: wholeNumber(1, 1_000).default(10),
  CIRCUIT_OPEN_SECONDS: wholeNumber(1, 300).default(10),
  RATE_BUDGET_CALLS: wholeNumber(1, 100_000).default(150),
  RATE_BUDGET_WINDOW_SECONDS: wholeNumber(1, 60).default(5),
};

/** Variables that do not go together, in words for whoever set them. */
export function* upstreamConflictsIn(env: Environment): Generator<string> {
  const has = (name: string): boolean => env[name] !== undefined;
  const hasOneKey = has('FIRMA_API_KEY') || has('FIRMA_API_KEY_FILE');
  const hasKey = hasOneKey || has('TENANTS_FILE');
  if (has('FIRMA_API_KEY') && has('FIRMA_API_KEY_FILE'))
    yield 'FIRMA_API_KEY: give the key or the file, not both';
  if (has('FIRMA_API_URL') && has('SANDBOX_URL')) yield 'SANDBOX_URL: give this or FIRMA_API_URL, not both';
  if (has('FIRMA_API_URL') && !hasKey)
    yield 'FIRMA_API_URL: needs FIRMA_API_KEY, FIRMA_API_KEY_FILE or TENANTS_FILE';
  if (hasOneKey && has('TENANTS_FILE')) yield 'TENANTS_FILE: give this or one key for all, not both';
  const isForReal = (hasKey && !has('SANDBOX_URL')) || env['NODE_ENV'] === 'production';
  if (isForReal && !has('AUTH'))
    yield 'AUTH: say how callers show who they are: jwt or api-key; or none, if only trusted callers can reach the gateway';
}

/** @param apiKey what the variable or one of the files holds */
export function upstreamConfigOf(
  values: Values<typeof upstreamVariables>,
  apiKey: IssuerKeys | undefined,
): UpstreamConfig {
  return {
    apiKey,
    apiUrl: urlOf(values.FIRMA_API_URL ?? (apiKey === undefined ? undefined : SERVICE_URL)),
    sandboxUrl: urlOf(values.SANDBOX_URL),
    sandboxPort: values.SANDBOX_PORT,
    storageHosts: itemsOf(values.FIRMA_STORAGE_HOSTS),
    upstreamTimeoutMs: values.UPSTREAM_TIMEOUT_SECONDS * 1000,
    operationTimeoutMs: values.OPERATION_TIMEOUT_SECONDS * 1000,
    upstreamConnections: values.UPSTREAM_CONNECTIONS,
    circuit: { failures: values.CIRCUIT_FAILURES, openMs: values.CIRCUIT_OPEN_SECONDS * 1000 },
    rateLimit: { calls: values.RATE_BUDGET_CALLS, windowMs: values.RATE_BUDGET_WINDOW_SECONDS * 1000 },
  };
}
