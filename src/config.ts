import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ApiKeysError, readApiKeys } from './auth/api-keys.ts';
import type { AuthenticationOptions } from './auth/authenticate.ts';
import { authConflictsIn, authOptionsOf } from './auth/variables.ts';
import { API_KEY, readTenants, TenantsError } from './auth/tenants.ts';
import { ALGORITHMS } from './auth/verify-jwt.ts';
import { paceOf } from './live/pace.ts';
import type { WatchingOptions } from './live/status-watchers.ts';
import type { MetricsAddress } from './metrics/start-metrics.ts';
import type { IdempotencyTimes } from './idempotency/idempotency.ts';
import type { Protections } from './plugins/protections.ts';
import type { StreamOptions } from './plugins/streams.ts';
import { ManifestError, readTrustedDocuments } from './plugins/trusted-documents.ts';
import type { TrustedDocuments } from './plugins/trusted-documents.ts';
import { areHosts, areOrigins, protectionsOf } from './plugins/variables.ts';
import { protectionConflictsIn, weaknessesIn } from './plugins/weaknesses.ts';
import type { LoadLimits, StopTimes } from './server/front-door.ts';
import { SAMPLERS, tracingOf } from './tracing/variables.ts';
import type { TracingOptions } from './tracing/variables.ts';
import type { RateLimit } from './upstream/budget/rate-window.ts';
import type { CircuitLimits } from './upstream/circuit-breaker.ts';
import type { IssuerKeys } from './upstream/clients.ts';
import { readWebhooks, tenantMistakesIn, WebhooksError } from './webhooks/endpoints.ts';
import type { WebhookOptions } from './webhooks/open-webhooks.ts';

/** The gateway's settings, parsed once from the environment. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Undefined: there is no key, so the sandbox is the upstream. */
  readonly apiKey: IssuerKeys | undefined;
  readonly auth: AuthenticationOptions;
  readonly apiUrl: URL | undefined;
  /** A sandbox that already runs. */
  readonly sandboxUrl: URL | undefined;
  readonly storageHosts: readonly string[];
  readonly upstreamTimeoutMs: number;
  readonly operationTimeoutMs: number;
  readonly upstreamConnections: number;
  readonly rateLimit: RateLimit;
  readonly circuit: CircuitLimits;
  readonly maxUploadBytes: number;
  readonly uploadStallMs: number;
  /** Undefined: none are served. */
  readonly metrics: MetricsAddress | undefined;
  /** Undefined: none are made. */
  readonly tracing: TracingOptions | undefined;
  readonly load: LoadLimits;
  readonly stopTimes: StopTimes;
  readonly streams: Partial<StreamOptions>;
  readonly watching: WatchingOptions;
  readonly logLevel: string;
  readonly sandboxPort: number;
  /** May hold a password. Undefined: nothing is shared, and nothing outlives the process. */
  readonly redisUrl: URL | undefined;
  readonly idempotency: Partial<IdempotencyTimes>;
  /** Undefined: nobody is told of anything. */
  readonly webhooks: WebhookOptions | undefined;
  readonly protections: Protections;
  /** What an operator should know: the configuration can be used, and is weak. */
  readonly warnings: readonly string[];
}

/** The environment cannot be used. The message lists every mistake and no value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .transform((text) => (/^\d+$/.test(text) ? Number(text) : Number.NaN))
    .refine((value) => value >= least && value <= most, `must be a whole number, ${least} to ${most}`);

const webAddress = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL', abort: true })
  .refine((url) => new URL(url).username === '', 'must not hold a user name');

/** Where the real service lives. */
const isService = (url: string): boolean => /(^|\.)pagopa\.it$/.test(new URL(url).hostname);

const filled = z.string().min(1, 'must not be empty');

const WRONG_KEY = 'must be the key alone, without blanks and line breaks';

const HOST_NAME = /^[\w.-]+$/;
const isStorageHost = (text: string): boolean => {
  if (HOST_NAME.test(text)) return true;
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
};
const namesOf = (hosts: string): string[] => hosts.split(',').map((host) => host.trim());

/** The keys that tokens are checked with must not be changed on their way. */
const isPrivateAddress = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
};

const listOf = (text: string): string[] => text.split(',').map((item) => item.trim());
const isAlgorithm = (name: string): boolean => ALGORITHMS.some((known) => known === name);

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const environment = z.object({
  HOST: filled.default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(4000),
  SANDBOX_PORT: wholeNumber(0, 65_535).default(4010),
  FIRMA_API_KEY: z.string().regex(API_KEY, WRONG_KEY).optional(),
  FIRMA_API_KEY_FILE: filled.optional(),
  FIRMA_API_URL: webAddress.optional(),
  SANDBOX_URL: webAddress.refine((url) => !isService(url), 'must not be the real service').optional(),
  FIRMA_STORAGE_HOSTS: z
    .string()
    .refine((hosts) => namesOf(hosts).every(isStorageHost), {
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
  MAX_UPLOAD_BYTES: wholeNumber(1, 2 ** 31 - 1).default(100 * 1024 * 1024),
  UPLOAD_STALL_SECONDS: wholeNumber(1, 600).default(30),
  METRICS_PORT: wholeNumber(0, 65_535).optional(),
  METRICS_HOST: filled.default('127.0.0.1'),
  OTEL_EXPORTER_OTLP_ENDPOINT: webAddress.optional(),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'console', 'none'], 'must be otlp, console or none').optional(),
  OTEL_TRACES_SAMPLER: z
    .enum(SAMPLERS, `must be one of ${SAMPLERS.join(', ')}`)
    .default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'must be a number from 0 to 1')
    .transform(Number)
    .default(1),
  MAX_REQUESTS_IN_FLIGHT: wholeNumber(1, 100_000).default(5_000),
  MAX_EVENT_LOOP_DELAY_MS: wholeNumber(0, 60_000).default(1_000),
  MAX_STREAMS: wholeNumber(0, 100_000).default(5_000),
  MAX_STREAMS_PER_CALLER: wholeNumber(1, 100_000).default(100),
  STREAM_HEARTBEAT_SECONDS: wholeNumber(1, 300).default(12),
  POLLS_PER_SECOND: wholeNumber(1, 30).default(6),
  POLL_MAX_PAUSE_SECONDS: wholeNumber(1, 3_600).default(60),
  SHUTDOWN_DELAY_SECONDS: wholeNumber(0, 300).default(0),
  SHUTDOWN_GRACE_SECONDS: wholeNumber(0, 1_800).default(25),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  NODE_ENV: z.string().optional(),
  GRAPHIQL: z.enum(['on', 'off'], 'must be on or off').optional(),
  INTROSPECTION: z.enum(['on', 'off'], 'must be on or off').optional(),
  CORS_ORIGINS: filled
    .refine(areOrigins, 'must be origins such as https://www.comune.example, with commas between them, or *')
    .optional(),
  ALLOWED_HOSTS: filled
    .refine(areHosts, 'must be names such as firma.comune.example without a port, with commas between them')
    .optional(),
  TRUSTED_DOCUMENTS: filled.optional(),
  RATE_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000).default(1_800),
  TRUST_PROXY: wholeNumber(0, 10).default(0),
  MAX_OPERATION_COST: wholeNumber(1, 100_000).default(250),
  AUTH: z.enum(['none', 'jwt', 'api-key'], 'must be none, jwt or api-key').optional(),
  AUTH_JWKS_URL: webAddress
    .refine(isPrivateAddress, 'must be an https URL, or http on this machine')
    .optional(),
  AUTH_JWKS_MAX_STALE_SECONDS: wholeNumber(1, 604_800).default(3_600),
  AUTH_ISSUER: filled.optional(),
  AUTH_AUDIENCE: filled.optional(),
  AUTH_ALGORITHMS: z
    .string()
    .refine(
      (names) => listOf(names).every(isAlgorithm),
      `must be of ${ALGORITHMS.join(', ')}, with commas between them`,
    )
    .default('RS256,ES256'),
  AUTH_CLOCK_SKEW_SECONDS: wholeNumber(0, 300).default(30),
  AUTH_ROLE_CLAIM: filled.default('role'),
  AUTH_TENANT_CLAIM: filled.default('tenant'),
  AUTH_FISCAL_CODE_CLAIM: filled.default('fiscal_code'),
  AUTH_API_KEYS_FILE: filled.optional(),
  TENANTS_FILE: filled.optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a redis or rediss URL' }).optional(),
  WEBHOOKS_FILE: filled.optional(),
  WEBHOOK_GIVE_UP_HOURS: wholeNumber(1, 168).default(24),
  WEBHOOK_MAX_PAUSE_SECONDS: wholeNumber(1, 3_600).default(300),
  IDEMPOTENCY_HOURS: wholeNumber(1, 168).default(24),
  IDEMPOTENCY_SETTLE_SECONDS: wholeNumber(0, 600).default(15),
});

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that do not go together, whatever their values. */
function* conflictsIn(env: Environment): Generator<string> {
  const has = (name: string): boolean => env[name] !== undefined;
  const hasOneKey = has('FIRMA_API_KEY') || has('FIRMA_API_KEY_FILE');
  const hasKey = hasOneKey || has('TENANTS_FILE');
  yield* protectionConflictsIn(env);
  if (has('FIRMA_API_KEY') && has('FIRMA_API_KEY_FILE'))
    yield 'FIRMA_API_KEY: give the key or the file, not both';
  if (has('FIRMA_API_URL') && has('SANDBOX_URL')) yield 'SANDBOX_URL: give this or FIRMA_API_URL, not both';
  if (has('FIRMA_API_URL') && !hasKey)
    yield 'FIRMA_API_URL: needs FIRMA_API_KEY, FIRMA_API_KEY_FILE or TENANTS_FILE';
  if (hasOneKey && has('TENANTS_FILE')) yield 'TENANTS_FILE: give this or one key for all, not both';
  const isForReal = (hasKey && !has('SANDBOX_URL')) || env['NODE_ENV'] === 'production';
  if (isForReal && !has('AUTH'))
    yield 'AUTH: say how callers show who they are: jwt or api-key; or none, if only trusted callers can reach the gateway';
  yield* authConflictsIn(env);
}

const FILE_ERRORS = [TenantsError, ApiKeysError, WebhooksError];

/** What a file of JSON holds, or what is wrong with it. */
function readFile<T>(name: string, file: string | undefined, read: (file: string) => T) {
  if (file === undefined || file === '') return {};
  try {
    return { value: read(file) };
  } catch (error) {
    if (!FILE_ERRORS.some((kind) => error instanceof kind) || !(error instanceof Error)) throw error;
    return { mistake: `${name}: ${error.message}` };
  }
}

/** The key that the file holds, or what is wrong with it. */
function readKey(file: string | undefined): { readonly key?: string; readonly mistake?: string } {
  if (file === undefined || file === '') return {};
  let key: string;
  try {
    key = readFileSync(file, 'utf8').trim();
  } catch {
    return { mistake: 'FIRMA_API_KEY_FILE: must be a file that can be read' };
  }
  return API_KEY.test(key) ? { key } : { mistake: `FIRMA_API_KEY_FILE: the file ${WRONG_KEY}` };
}

/** The documents that the manifest holds, or what is wrong with it. */
function readManifest(file: string | undefined): {
  readonly documents?: TrustedDocuments;
  readonly mistake?: string;
} {
  if (file === undefined || file === '') return {};
  try {
    return { documents: readTrustedDocuments(file) };
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return { mistake: `TRUSTED_DOCUMENTS: ${error.message}` };
  }
}

/** @throws {ConfigError} with every mistake at once. */
export function loadConfig(env: Environment): Config {
  const { data, error } = environment.safeParse(env);
  const file = readKey(env['FIRMA_API_KEY_FILE']);
  const manifest = readManifest(env['TRUSTED_DOCUMENTS']);
  const tenants = readFile('TENANTS_FILE', env['TENANTS_FILE'], readTenants);
  const apiKeys = readFile('AUTH_API_KEYS_FILE', env['AUTH_API_KEYS_FILE'], readApiKeys);
  const webhooks = readFile('WEBHOOKS_FILE', env['WEBHOOKS_FILE'], readWebhooks);
  const mistakes = [
    ...(error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`),
    ...conflictsIn(env),
    ...[file, tenants, apiKeys, manifest, webhooks].flatMap(({ mistake }) => mistake ?? []),
    // Of tenants that cannot be read nothing can be said.
    ...(tenants.mistake === undefined ? tenantMistakesIn(webhooks.value ?? [], tenants.value) : []),
  ];
  if (data === undefined || mistakes.length > 0) {
    throw new ConfigError(['The configuration cannot be used:', ...mistakes].join('\n  '));
  }
  const apiKey = data.FIRMA_API_KEY ?? file.key ?? tenants.value;
  const url =
    data.FIRMA_API_URL ?? (apiKey === undefined ? undefined : 'https://api.io.pagopa.it/api/v1/sign');
  return Object.freeze({
    host: data.HOST,
    port: data.PORT,
    apiKey,
    auth: authOptionsOf(data),
    apiUrl: url === undefined ? undefined : new URL(url),
    sandboxUrl: data.SANDBOX_URL === undefined ? undefined : new URL(data.SANDBOX_URL),
    storageHosts: namesOf(data.FIRMA_STORAGE_HOSTS),
    upstreamTimeoutMs: data.UPSTREAM_TIMEOUT_SECONDS * 1000,
    operationTimeoutMs: data.OPERATION_TIMEOUT_SECONDS * 1000,
    upstreamConnections: data.UPSTREAM_CONNECTIONS,
    circuit: { failures: data.CIRCUIT_FAILURES, openMs: data.CIRCUIT_OPEN_SECONDS * 1000 },
    rateLimit: { calls: data.RATE_BUDGET_CALLS, windowMs: data.RATE_BUDGET_WINDOW_SECONDS * 1000 },
    maxUploadBytes: data.MAX_UPLOAD_BYTES,
    uploadStallMs: data.UPLOAD_STALL_SECONDS * 1000,
    metrics:
      data.METRICS_PORT === undefined ? undefined : { host: data.METRICS_HOST, port: data.METRICS_PORT },
    tracing: tracingOf(data),
    load: {
      requestsInFlight: data.MAX_REQUESTS_IN_FLIGHT,
      eventLoopDelayMs: data.MAX_EVENT_LOOP_DELAY_MS === 0 ? Infinity : data.MAX_EVENT_LOOP_DELAY_MS,
    },
    streams: {
      maxStreams: data.MAX_STREAMS,
      maxStreamsPerCaller: data.MAX_STREAMS_PER_CALLER,
      heartbeatMs: data.STREAM_HEARTBEAT_SECONDS * 1000,
    },
    watching: {
      pollsPerSecond: data.POLLS_PER_SECOND,
      pace: paceOf(data.POLL_MAX_PAUSE_SECONDS * 1000),
    },
    stopTimes: {
      delayMs: data.SHUTDOWN_DELAY_SECONDS * 1000,
      graceMs: data.SHUTDOWN_GRACE_SECONDS * 1000,
    },
    logLevel: data.LOG_LEVEL,
    sandboxPort: data.SANDBOX_PORT,
    redisUrl: data.REDIS_URL === undefined ? undefined : new URL(data.REDIS_URL),
    idempotency: {
      ttl: data.IDEMPOTENCY_HOURS * 60 * 60_000,
      settle: data.IDEMPOTENCY_SETTLE_SECONDS * 1000,
    },
    webhooks: webhooks.value && {
      endpoints: webhooks.value,
      times: { giveUpMs: data.WEBHOOK_GIVE_UP_HOURS * 60 * 60_000 },
      pace: { mostMs: data.WEBHOOK_MAX_PAUSE_SECONDS * 1000 },
    },
    protections: protectionsOf(data, manifest.documents),
    warnings: [
      ...weaknessesIn(env, {
        isRealService: url !== undefined && data.SANDBOX_URL === undefined && isService(url),
        isSandbox: apiKey === undefined || data.SANDBOX_URL !== undefined,
      }),
    ],
  });
}
