import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ConfigError, loadConfig } from '../../../src/config/load.ts';
import { REDIS_URL_FORM } from '../../../src/redis/address.ts';
import { NO_PROXY } from '../../../src/upstream/proxy-for.ts';

const KEY = { FIRMA_API_KEY: 'k3y-that-is-secret', AUTH: 'none' };

function fileWith(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'key'), content);
  return join(folder, 'key');
}

/** The lines of the message below its title. */
function mistakesOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toContain(KEY.FIRMA_API_KEY);
    const [title, ...lines] = error.message.split('\n');
    expect(title).toBe('Invalid configuration:');
    return lines.map((line) => line.trim());
  }
  throw new Error('it can be used');
}

test('without variables the sandbox is the upstream, and only this machine can reach the gateway', () => {
  expect(loadConfig({})).toStrictEqual({
    host: '127.0.0.1',
    port: 4000,
    workers: 1,
    apiKey: undefined,
    auth: { mode: 'none' },
    apiUrl: undefined,
    sandboxUrl: undefined,
    storageHosts: ['iopitnsignst01.blob.core.windows.net'],
    upstreamTimeoutMs: 20_000,
    operationTimeoutMs: 90_000,
    circuit: { failures: 10, openMs: 10_000 },
    rateLimit: { calls: 150, windowMs: 5_000 },
    upstreamConnections: 50,
    maxUploadBytes: 104_857_600,
    uploadStallMs: 30_000,
    inspection: { maxBytes: 16_777_216, maxWorkMs: 10_000, threads: 1 },
    metrics: undefined,
    tracing: undefined,
    load: { requestsInFlight: 5_000, eventLoopDelayMs: 1_000 },
    streams: { maxStreams: 5_000, maxStreamsPerCaller: 100, heartbeatMs: 12_000 },
    watching: { pollsPerSecond: 6, pace: { idleMs: 60_000 } },
    stopTimes: { delayMs: 0, graceMs: 25_000 },
    logLevel: 'info',
    sandboxPort: 4010,
    redisUrl: undefined,
    idempotency: { ttl: 86_400_000, settle: 15_000 },
    webhooks: { endpoints: [], times: { giveUpMs: 86_400_000 }, pace: { mostMs: 300_000 } },
    proxyFor: NO_PROXY,
    protections: {
      graphiql: true,
      introspection: true,
      suggestions: true,
      corsOrigins: [],
      allowedHosts: [],
      trustedDocuments: undefined,
      requestsPerMinute: 1_800,
      proxies: { hops: 0, header: 'x-forwarded-for' },
      maxOperationCost: 250,
    },
    warnings: [],
  });
});

test('with a key the service is the upstream', () => {
  expect(loadConfig(KEY)).toMatchObject({
    apiKey: KEY.FIRMA_API_KEY,
    apiUrl: new URL('https://api.io.pagopa.it/api/v1/sign'),
  });
});

test('SANDBOX_URL needs neither a key nor AUTH, and must not be the real service', () => {
  const SANDBOX_URL = 'http://localhost:4010/api/v1/sign';
  expect(loadConfig({ SANDBOX_URL }).sandboxUrl).toEqual(new URL(SANDBOX_URL));
  expect(mistakesOf({ SANDBOX_URL: 'https://api.io.pagopa.it/api/v1/sign' })).toEqual([
    'SANDBOX_URL: must not be the real service',
  ]);
  expect(mistakesOf({ ...KEY, SANDBOX_URL, FIRMA_API_URL: SANDBOX_URL })).toEqual([
    'SANDBOX_URL: set this or FIRMA_API_URL, not both',
  ]);
});

test.each(['http://localhost:4010', 'http://localhost:4010/', 'http://localhost:4010/api/v1/sign'])(
  'a sandbox at %s is called below its path',
  (SANDBOX_URL) => {
    expect(loadConfig({ SANDBOX_URL }).sandboxUrl).toEqual(new URL('http://localhost:4010/api/v1/sign'));
  },
);

test('mistakes of every kind are reported together', () => {
  expect(mistakesOf({ PORT: 'x', FIRMA_API_KEY_FILE: '/nowhere/key' })).toEqual([
    'PORT: must be a whole number, 0 to 65535',
    expect.stringMatching(/^AUTH: /),
    'FIRMA_API_KEY_FILE: must be a readable file',
  ]);
});

test('WEB_CONCURRENCY above 1 requires REDIS_URL', () => {
  const REDIS_URL = 'redis://localhost:6379';
  expect(loadConfig({ WEB_CONCURRENCY: '64', REDIS_URL }).workers).toBe(64);
  expect(mistakesOf({ WEB_CONCURRENCY: '2' })).toEqual([
    'WEB_CONCURRENCY: more than 1 requires REDIS_URL: through Redis the processes share idempotency keys, webhooks and the rate budget',
  ]);
  expect(mistakesOf({ WEB_CONCURRENCY: '0' })).toEqual(['WEB_CONCURRENCY: must be a whole number, 1 to 64']);
});

test('the key can be in a file, without its last line break', () => {
  const FIRMA_API_KEY_FILE = fileWith('  from-a-file\n');
  expect(loadConfig({ FIRMA_API_KEY_FILE, AUTH: 'none' }).apiKey).toBe('from-a-file');
});

test.each([
  ['HOST', '0.0.0.0', { host: '0.0.0.0' }],
  ['PORT', '0', { port: 0 }],
  ['PORT', '65535', { port: 65_535 }],
  ['WEB_CONCURRENCY', '1', { workers: 1 }],
  ['SANDBOX_PORT', '0', { sandboxPort: 0 }],
  [
    'FIRMA_API_URL',
    'http://127.0.0.1:4010/api/v1/sign',
    { apiUrl: new URL('http://127.0.0.1:4010/api/v1/sign') },
  ],
  [
    'FIRMA_STORAGE_HOSTS',
    'a.b , http://127.0.0.1:10000',
    { storageHosts: ['a.b', 'http://127.0.0.1:10000'] },
  ],
  ['CIRCUIT_FAILURES', '3', { circuit: { failures: 3, openMs: 10_000 } }],
  ['CIRCUIT_OPEN_SECONDS', '60', { circuit: { failures: 10, openMs: 60_000 } }],
  ['RATE_BUDGET_CALLS', '75', { rateLimit: { calls: 75, windowMs: 5_000 } }],
  ['RATE_BUDGET_WINDOW_SECONDS', '10', { rateLimit: { calls: 150, windowMs: 10_000 } }],
  ['OPERATION_TIMEOUT_SECONDS', '60', { operationTimeoutMs: 60_000 }],
  ['UPSTREAM_TIMEOUT_SECONDS', '1', { upstreamTimeoutMs: 1_000 }],
  ['UPSTREAM_TIMEOUT_SECONDS', '300', { upstreamTimeoutMs: 300_000 }],
  ['UPSTREAM_CONNECTIONS', '1000', { upstreamConnections: 1_000 }],
  ['MAX_UPLOAD_BYTES', '2147483647', { maxUploadBytes: 2_147_483_647 }],
  ['UPLOAD_STALL_SECONDS', '600', { uploadStallMs: 600_000 }],
  ['INSPECT_MAX_BYTES', '41943040', { inspection: { maxBytes: 41_943_040, maxWorkMs: 10_000, threads: 1 } }],
  ['INSPECT_TIMEOUT_SECONDS', '60', { inspection: { maxBytes: 16_777_216, maxWorkMs: 60_000, threads: 1 } }],
  ['INSPECT_THREADS', '64', { inspection: { maxBytes: 16_777_216, maxWorkMs: 10_000, threads: 64 } }],
  ['METRICS_PORT', '9464', { metrics: { host: '127.0.0.1', port: 9_464 } }],
  ['METRICS_HOST', '::', { metrics: undefined }],
  [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'http://localhost:4318',
    { tracing: { exporter: 'otlp', sampler: { name: 'parentbased_always_on', ratio: 1 } } },
  ],
  [
    'OTEL_TRACES_EXPORTER',
    'console',
    { tracing: { exporter: 'console', sampler: { name: 'parentbased_always_on', ratio: 1 } } },
  ],
  ['OTEL_TRACES_EXPORTER', 'none', { tracing: undefined }],
  ['OTEL_TRACES_SAMPLER', 'traceidratio', { tracing: undefined }],
  ['OTEL_TRACES_SAMPLER_ARG', '0.25', { tracing: undefined }],
  ['MAX_REQUESTS_IN_FLIGHT', '1', { load: { requestsInFlight: 1, eventLoopDelayMs: 1_000 } }],
  ['MAX_EVENT_LOOP_DELAY_MS', '0', { load: { requestsInFlight: 5_000, eventLoopDelayMs: Infinity } }],
  ['SHUTDOWN_DELAY_SECONDS', '300', { stopTimes: { delayMs: 300_000, graceMs: 25_000 } }],
  ['MAX_STREAMS', '0', { streams: { maxStreams: 0 } }],
  ['MAX_STREAMS_PER_CALLER', '1000', { streams: { maxStreamsPerCaller: 1_000 } }],
  ['STREAM_HEARTBEAT_SECONDS', '30', { streams: { heartbeatMs: 30_000 } }],
  ['POLLS_PER_SECOND', '1', { watching: { pollsPerSecond: 1 } }],
  ['POLL_MAX_PAUSE_SECONDS', '300', { watching: { pace: { idleMs: 300_000 } } }],
  ['SHUTDOWN_GRACE_SECONDS', '0', { stopTimes: { delayMs: 0, graceMs: 0 } }],
  ['LOG_LEVEL', 'silent', { logLevel: 'silent' }],
  ['IDEMPOTENCY_HOURS', '1', { idempotency: { ttl: 3_600_000 } }],
  ['IDEMPOTENCY_SETTLE_SECONDS', '0', { idempotency: { settle: 0 } }],
  ['REDIS_URL', 'rediss://me:pass@a.b:6380/2', { redisUrl: 'rediss://me:pass@a.b:6380/2' }],
])('%s=%s is accepted', (name, value, expected) => {
  expect(loadConfig({ ...KEY, [name]: value })).toMatchObject(expected);
});

const LEVELS = 'must be one of fatal, error, warn, info, debug, trace, silent';
const HOSTS = 'must be comma-separated host names, or origins such as http://127.0.0.1:10000';
const PROXY = 'must be the http or https URL of a proxy, with percent-encoded credentials';
const ALONE = 'must be the key only, without spaces and line breaks';
const EMPTY = 'must not be empty';
/** A variable that is set to nothing is called empty. */
const said = (value: string, message: string): string =>
  value === '' && message !== EMPTY ? `is empty and ${message}` : message;
const range = (least: number, most: number): string => `must be a whole number, ${least} to ${most}`;

test.each([
  ['HOST', ['']],
  ['PORT', ['', '-1', '65536', '4e3', '0x10', ' 1', 'abc', '1.5'], range(0, 65_535)],
  ['SANDBOX_PORT', ['65536'], range(0, 65_535)],
  ['CIRCUIT_FAILURES', ['0', '1001'], range(1, 1_000)],
  ['CIRCUIT_OPEN_SECONDS', ['0', '301'], range(1, 300)],
  ['RATE_BUDGET_CALLS', ['0', '100001'], range(1, 100_000)],
  ['RATE_BUDGET_WINDOW_SECONDS', ['0', '61'], range(1, 60)],
  ['OPERATION_TIMEOUT_SECONDS', ['0', '59', '601'], range(60, 600)],
  ['UPSTREAM_TIMEOUT_SECONDS', ['0', '301', '20s'], range(1, 300)],
  ['UPSTREAM_CONNECTIONS', ['0', '1001'], range(1, 1_000)],
  ['MAX_UPLOAD_BYTES', ['0', '2147483648', '100MB'], range(1, 2_147_483_647)],
  ['UPLOAD_STALL_SECONDS', ['0', '601'], range(1, 600)],
  ['INSPECT_MAX_BYTES', ['0', '41943041', '16MB'], range(1, 41_943_040)],
  ['INSPECT_TIMEOUT_SECONDS', ['0', '61'], range(1, 60)],
  ['INSPECT_THREADS', ['0', '65'], range(1, 64)],
  ['METRICS_PORT', ['65536', ''], range(0, 65_535)],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', ['', 'localhost:4318'], 'must be an http or https URL'],
  ['OTEL_TRACES_EXPORTER', ['', 'zipkin'], 'must be otlp, console or none'],
  ['OTEL_TRACES_SAMPLER_ARG', ['', '2', '-0.1', '1.5', '50%'], 'must be a number from 0 to 1'],
  ['MAX_REQUESTS_IN_FLIGHT', ['0', '100001'], range(1, 100_000)],
  ['MAX_EVENT_LOOP_DELAY_MS', ['60001', '1s'], range(0, 60_000)],
  ['SHUTDOWN_DELAY_SECONDS', ['301', '-1'], range(0, 300)],
  ['MAX_STREAMS', ['100001'], range(0, 100_000)],
  ['MAX_STREAMS_PER_CALLER', ['0'], range(1, 100_000)],
  ['STREAM_HEARTBEAT_SECONDS', ['0', '301'], range(1, 300)],
  ['POLLS_PER_SECOND', ['0', '31'], range(1, 30)],
  ['POLL_MAX_PAUSE_SECONDS', ['0', '3601'], range(1, 3_600)],
  ['SHUTDOWN_GRACE_SECONDS', ['1801'], range(0, 1_800)],
  ['LOG_LEVEL', ['', 'verbose', 'INFO'], LEVELS],
  ['IDEMPOTENCY_HOURS', ['0', '169', '24h'], range(1, 168)],
  ['IDEMPOTENCY_SETTLE_SECONDS', ['601'], range(0, 600)],
  [
    'REDIS_URL',
    ['', 'localhost:6379', 'http://localhost:6379', 'redis://a,,b', 'redis://a/x'],
    REDIS_URL_FORM,
  ],
  [
    'HTTPS_PROXY',
    ['socks5://proxy.example:1080', 'http://', 'http://a b', 'http://me:100%@proxy.example'],
    PROXY,
  ],
  ['HTTP_PROXY', ['ftp://proxy.example'], PROXY],
  ['AUTH', ['', 'oauth'], 'must be none, jwt or api-key'],
  ['FIRMA_API_KEY', ['']],
  ['FIRMA_API_KEY', ['two words', 'k\n', 'kéy'], ALONE],
  ['FIRMA_API_URL', ['', 'api.io.pagopa.it', 'ftp://a.b/c'], 'must be an http or https URL'],
  ['FIRMA_API_URL', ['https://me:pass@a.b/c'], 'must not contain a user name'],
  ['FIRMA_STORAGE_HOSTS', ['', 'a.b,', 'a.b c.d', 'https://a.b/c', 'ftp://a.b', 'a.b/c'], HOSTS],
] satisfies [string, string[], string?][])(
  '%s is refused with the accepted values',
  (name, values, message = EMPTY) => {
    for (const value of values)
      expect(mistakesOf({ ...KEY, [name]: value }), value).toEqual([`${name}: ${said(value, message)}`]);
  },
);

test('all mistakes are reported together', () => {
  expect(mistakesOf({ PORT: 'x', LOG_LEVEL: 'x', MAX_UPLOAD_BYTES: '0' })).toEqual([
    `PORT: ${range(0, 65_535)}`,
    `MAX_UPLOAD_BYTES: ${range(1, 2_147_483_647)}`,
    `LOG_LEVEL: ${LEVELS}`,
  ]);
});

test('a key of the service requires AUTH', () => {
  const message = 'AUTH: must be set: jwt or api-key; or none if only trusted callers can reach the gateway';
  expect(mistakesOf({ FIRMA_API_KEY: KEY.FIRMA_API_KEY })).toEqual([message]);
  expect(mistakesOf({ FIRMA_API_KEY_FILE: fileWith('key') })).toEqual([message]);
});

test('a key and a key file, or a URL without a key, is refused', () => {
  expect(mistakesOf({ ...KEY, FIRMA_API_KEY_FILE: fileWith('key') })).toEqual([
    'FIRMA_API_KEY: set this or FIRMA_API_KEY_FILE, not both',
  ]);
  expect(mistakesOf({ FIRMA_API_URL: 'https://a.b/c' })).toEqual([
    'FIRMA_API_URL: requires FIRMA_API_KEY, FIRMA_API_KEY_FILE or TENANTS_FILE',
  ]);
});

test.each([
  ['that is not there', join(tmpdir(), 'sigillo-no-such-file'), 'must be a readable file'],
  ['that is a folder', tmpdir(), 'must be a readable file'],
  ['without a name', '', 'must not be empty'],
])('a key file %s is a mistake', (_, FIRMA_API_KEY_FILE, message) => {
  expect(mistakesOf({ FIRMA_API_KEY_FILE, AUTH: 'none' })).toEqual([`FIRMA_API_KEY_FILE: ${message}`]);
});

test.each([
  ['', EMPTY],
  [' \n', EMPTY],
  ['two words', ALONE],
])('a key file with %j is refused', (content, message) => {
  expect(mistakesOf({ FIRMA_API_KEY_FILE: fileWith(content), AUTH: 'none' })).toEqual([
    `FIRMA_API_KEY_FILE: its content ${message}`,
  ]);
});

test.each([
  [{ HTTPS_PROXY: 'http://proxy.example:3128' }, 'http://proxy.example:3128/'],
  [{ HTTPS_PROXY: 'proxy.example:3128' }, 'http://proxy.example:3128/'],
  [{ HTTPS_PROXY: 'https://me:p%40ss@proxy.example' }, 'https://me:p%40ss@proxy.example/'],
  [{ https_proxy: 'http://lower.example', HTTPS_PROXY: 'http://upper.example' }, 'http://lower.example/'],
  [{ https_proxy: '', HTTPS_PROXY: 'http://upper.example' }, undefined],
  [{ HTTPS_PROXY: 'http://proxy.example', NO_PROXY: 'a.example, .pagopa.it' }, undefined],
  [{ HTTPS_PROXY: 'http://proxy.example', no_proxy: 'a.example', NO_PROXY: '*' }, 'http://proxy.example/'],
  [{ HTTP_PROXY: 'http://proxy.example' }, undefined],
  [{ HTTPS_PROXY: '' }, undefined],
  [{}, undefined],
])('with %j the service is reached through %s', (env, expected) => {
  const { proxyFor, warnings } = loadConfig({ ...KEY, ...env, NODE_ENV: 'test' });
  expect(proxyFor(new URL('https://api.io.pagopa.it/api/v1/sign'))?.href).toBe(expected);
  expect(warnings.filter((warning) => /proxy/i.test(warning))).toEqual([]);
});

const JWT = {
  AUTH: 'jwt',
  AUTH_JWKS_URL: 'https://login.comune.example.it/keys',
  AUTH_ISSUER: 'https://login.comune.example.it',
  AUTH_AUDIENCE: 'sigillo',
};

test('the rules for tokens have defaults and are configurable', () => {
  const keySet = { url: new URL(JWT.AUTH_JWKS_URL), maxStaleMs: 3_600_000 };
  const rules = {
    issuer: JWT.AUTH_ISSUER,
    audience: JWT.AUTH_AUDIENCE,
    algorithms: ['RS256', 'ES256'],
    clockSkewSeconds: 30,
    claims: { role: 'role', tenant: 'tenant', fiscalCode: 'fiscal_code' },
  };
  expect(loadConfig({ ...KEY, ...JWT }).auth).toEqual({ mode: 'jwt', keySet, rules });
  expect(
    loadConfig({
      ...JWT,
      AUTH_JWKS_URL: 'http://[::1]:8080/keys',
      AUTH_JWKS_MAX_STALE_SECONDS: '60',
      AUTH_ALGORITHMS: 'EdDSA , PS256',
      AUTH_CLOCK_SKEW_SECONDS: '0',
      AUTH_ROLE_CLAIM: 'realm_access.roles',
      AUTH_TENANT_CLAIM: 'ente',
      AUTH_FISCAL_CODE_CLAIM: 'https://example.it/cf',
    }).auth,
  ).toEqual({
    mode: 'jwt',
    keySet: { url: new URL('http://[::1]:8080/keys'), maxStaleMs: 60_000 },
    rules: {
      ...rules,
      algorithms: ['EdDSA', 'PS256'],
      clockSkewSeconds: 0,
      claims: { role: 'realm_access.roles', tenant: 'ente', fiscalCode: 'https://example.it/cf' },
    },
  });
});

const OWNERS = JSON.stringify({ ['a'.repeat(64)]: { name: 'back office', role: 'operator' } });
const TENANTS = JSON.stringify({ alfa: { apiKey: KEY.FIRMA_API_KEY } });

test('the file of API keys is read at the start, so that a mistake is reported then', () => {
  const AUTH_API_KEYS_FILE = fileWith(OWNERS);
  expect(loadConfig({ ...KEY, AUTH: 'api-key', AUTH_API_KEYS_FILE }).auth).toEqual({
    mode: 'api-key',
    file: AUTH_API_KEYS_FILE,
  });
  expect(mistakesOf({ ...KEY, AUTH: 'api-key', AUTH_API_KEYS_FILE: fileWith('{"my-key":{}}') })).toEqual([
    'AUTH_API_KEYS_FILE: invalid file: entry 1: its name must be the SHA-256 of a key in hex',
  ]);
  expect(mistakesOf({ ...KEY, AUTH: 'api-key', AUTH_API_KEYS_FILE: '/nowhere' })).toEqual([
    'AUTH_API_KEYS_FILE: must be a readable JSON file',
  ]);
});

test('a tenants file has a key for each tenant', () => {
  const env = { ...JWT, TENANTS_FILE: fileWith(TENANTS) };
  expect(loadConfig(env)).toMatchObject({
    apiKey: new Map([['alfa', KEY.FIRMA_API_KEY]]),
    apiUrl: new URL('https://api.io.pagopa.it/api/v1/sign'),
  });
  expect(mistakesOf({ ...JWT, TENANTS_FILE: fileWith('{}') })).toEqual([
    'TENANTS_FILE: invalid file: must contain a tenant',
  ]);
  expect(mistakesOf({ ...JWT, TENANTS_FILE: '/nowhere' })).toEqual([
    'TENANTS_FILE: must be a readable JSON file',
  ]);
});

const needs = (mode: string, ...names: string[]) =>
  names.map((name) => `${name}: is required with AUTH=${mode}`);
const alone = (mode: string, ...names: string[]) => names.map((name) => `${name}: requires AUTH=${mode}`);
const { AUTH: _, ...JWT_ALONE } = JWT;
const JWT_NAMES = Object.keys(JWT_ALONE);

test.each([
  ['AUTH=jwt alone', { AUTH: 'jwt' }, needs('jwt', ...JWT_NAMES)],
  ['AUTH=jwt without an audience', { ...JWT, AUTH_AUDIENCE: undefined }, needs('jwt', 'AUTH_AUDIENCE')],
  ['AUTH=api-key alone', { AUTH: 'api-key' }, needs('api-key', 'AUTH_API_KEYS_FILE')],
  ['AUTH=none with the variables of jwt', { ...JWT, AUTH: 'none' }, alone('jwt', ...JWT_NAMES)],
  ['no AUTH with the variables of jwt', JWT_ALONE, alone('jwt', ...JWT_NAMES)],
  [
    'the variables of both modes',
    { ...JWT, AUTH: 'api-key' },
    [...alone('jwt', ...JWT_NAMES), ...needs('api-key', 'AUTH_API_KEYS_FILE')],
  ],
])('%s is refused', (_, env, expected) => {
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  expect(mistakesOf(Object.fromEntries(given))).toEqual(expected);
});

test('a file of keys without AUTH=api-key is refused', () => {
  expect(mistakesOf({ ...JWT, AUTH_API_KEYS_FILE: fileWith(OWNERS) })).toEqual(
    alone('api-key', 'AUTH_API_KEYS_FILE'),
  );
});

test('tenants require authentication, and no other key', () => {
  const TENANTS_FILE = fileWith(TENANTS);
  const message = 'TENANTS_FILE: requires AUTH=jwt or AUTH=api-key, which determine the tenant of a caller';
  expect(mistakesOf({ TENANTS_FILE, AUTH: 'none' })).toEqual([message]);
  expect(mistakesOf({ TENANTS_FILE })).toEqual([expect.stringMatching(/^AUTH: must be set/), message]);
  const both = 'TENANTS_FILE: set this or a single key (FIRMA_API_KEY, FIRMA_API_KEY_FILE), not both';
  expect(mistakesOf({ ...JWT, TENANTS_FILE, FIRMA_API_KEY: KEY.FIRMA_API_KEY })).toEqual([both]);
  expect(mistakesOf({ ...JWT, TENANTS_FILE, FIRMA_API_KEY_FILE: fileWith('key') })).toEqual([both]);
});

const ALGORITHM_NAMES =
  'must be a comma-separated list of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519';

test.each([
  ['AUTH_JWKS_URL', ['', 'login.example', 'ftp://a.b/c'], 'must be an http or https URL'],
  ['AUTH_JWKS_URL', ['https://me:pass@a.b/keys'], 'must not contain a user name'],
  [
    'AUTH_JWKS_URL',
    ['http://login.comune.example.it/keys', 'http://127.0.0.1.evil.example/keys', 'http://10.0.0.1/keys'],
    'must be an https URL, or http on this machine',
  ],
  [
    'AUTH_ALGORITHMS',
    ['', 'none', 'HS256', 'RS256,HS256', 'rs256', 'RS256;ES256', 'RS256,'],
    ALGORITHM_NAMES,
  ],
  ['AUTH_CLOCK_SKEW_SECONDS', ['-1', '301', '30s'], range(0, 300)],
  ['AUTH_JWKS_MAX_STALE_SECONDS', ['0', '604801'], range(1, 604_800)],
  ['AUTH_ISSUER', [''], 'must not be empty'],
  ['AUTH_AUDIENCE', [''], 'must not be empty'],
  ['AUTH_ROLE_CLAIM', [''], 'must not be empty'],
  ['AUTH_TENANT_CLAIM', [''], 'must not be empty'],
  ['AUTH_FISCAL_CODE_CLAIM', [''], 'must not be empty'],
])('%s is refused with %j', (name, values, message) => {
  for (const value of values)
    expect(mistakesOf({ ...KEY, ...JWT, [name]: value }), value).toEqual([
      `${name}: ${said(value, message)}`,
    ]);
});

test.each([
  ['FIRMA_APIKEY', 'FIRMA_API_KEY'],
  ['FIRMA_API_KEYS', 'FIRMA_API_KEY'],
  ['FIRMA_KEY', 'FIRMA_API_KEY'],
  ['FIRMA_AIP_KEY', 'FIRMA_API_KEY'],
  ['firma_api_key', 'FIRMA_API_KEY'],
  ['FIRMA_API_URI', 'FIRMA_API_URL'],
  ['FIRMA_API_KEYFILE', 'FIRMA_API_KEY_FILE'],
  ['FIRMA_STORAGE_HOST', 'FIRMA_STORAGE_HOSTS'],
  ['SIGILLO_LOG_LEVEL', 'LOG_LEVEL'],
  ['REDIS_URI', 'REDIS_URL'],
  ['REDISURL', 'REDIS_URL'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['CORS_ORIGIN', 'CORS_ORIGINS'],
  ['ALLOWED_HOST', 'ALLOWED_HOSTS'],
  ['AUTH_JWKS_URI', 'AUTH_JWKS_URL'],
  ['AUTH_API_KEY_FILE', 'AUTH_API_KEYS_FILE'],
  ['TENANT_FILE', 'TENANTS_FILE'],
  ['WEBHOOK_FILE', 'WEBHOOKS_FILE'],
  ['TRUSTED_DOCUMENT', 'TRUSTED_DOCUMENTS'],
  ['RATE_LIMIT_PER_MINUTES', 'RATE_LIMIT_PER_MINUTE'],
  ['OTEL_TRACE_EXPORTER', 'OTEL_TRACES_EXPORTER'],
  ['SANDBX_PORT', 'SANDBOX_PORT'],
])('%s is a warning: %s is the likely name', (name, likely) => {
  expect(loadConfig({ [name]: 'k3y-that-is-secret' }).warnings).toEqual([
    `${name} is not a variable of Sigillo: did you mean ${likely}?`,
  ]);
});

test('an unknown variable with a prefix of Sigillo is a warning without a suggestion', () => {
  expect(loadConfig({ FIRMA_ENVIRONMENT: 'prova' }).warnings).toEqual([
    'FIRMA_ENVIRONMENT is not a variable of Sigillo',
  ]);
});

test('misspelled variables are listed after the mistakes', () => {
  expect(mistakesOf({ FIRMA_APIKEY: 'k3y-that-is-secret', AUTH: 'none', NODE_ENV: 'production' })).toEqual([
    expect.stringMatching(/^FIRMA_API_KEY: is required in production/),
    'FIRMA_APIKEY is not a variable of Sigillo: did you mean FIRMA_API_KEY?',
  ]);
});

test('variables of other programs cause no warning', () => {
  const names = `
    HOME HOSTNAME HOSTS HOSTTYPE PATH PWD OLDPWD TERM USER LANG TZ SHLVL LOGNAME SORT PORTS REPORT CI DEBUG NODE_OPTIONS
    NODE_EXTRA_CA_CERTS NODE_PATH NODE_VERSION npm_config_loglevel npm_lifecycle_event INIT_CWD FORCE_COLOR ALL_PROXY
    FTP_PROXY DATABASE_URL REDIS_HOST REDIS_PORT REDIS_PASSWORD REDIS_TLS_URL API_KEY API_URL AUTH_SECRET AUTH_URL
    METRICS_ENABLED LOG_FORMAT LOG_FILE GITHUB_TOKEN JWT_SECRET SANDBOX_HOST SANDBOX_STRICT SANDBOX_TIME_SCALE
    SIGILLO_PORT SIGILLO_PORT_4000_TCP SIGILLO_PORT_4000_TCP_ADDR SIGILLO_SERVICE_HOST SIGILLO_SERVICE_PORT_HTTP
    OTEL_SERVICE_NAME OTEL_RESOURCE_ATTRIBUTES OTEL_SDK_DISABLED OTEL_LOG_LEVEL OTEL_PROPAGATORS OTEL_METRICS_EXPORTER
    OTEL_LOGS_EXPORTER OTEL_EXPORTER_OTLP_HEADERS OTEL_EXPORTER_OTLP_TIMEOUT OTEL_EXPORTER_OTLP_PROTOCOL
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT OTEL_EXPORTER_OTLP_METRICS_ENDPOINT OTEL_BSP_SCHEDULE_DELAY
  `;
  const env = Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, 'x']),
  );
  expect(loadConfig(env).warnings).toEqual([]);
  // The name of another program, with a similar variable of Sigillo.
  expect(loadConfig({ REDIS_URL: 'redis://a.b', REDIS_URI: 'redis://c.d' }).warnings).toEqual([]);
});
