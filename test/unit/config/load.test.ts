import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { REDIS_URL_FORM } from '../../../src/redis/address.ts';
import { NO_PROXY } from '../../../src/upstream/connect-through.ts';
import {
  KEY,
  fileWith,
  mistakesOf,
  LEVELS,
  HOSTS,
  PROXY,
  ALONE,
  EMPTY,
  said,
  range,
} from './support-load.ts';

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
    finalRequestsKept: 0,
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
