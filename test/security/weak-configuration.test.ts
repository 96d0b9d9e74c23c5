import { expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../mocks/sandbox/http/server.ts';
import { ConfigError, loadConfig } from '../../src/config/load.ts';
import { runMain } from '../support/start-main.ts';

const KEY = { FIRMA_API_KEY: 'k3y', AUTH: 'none' };
const PRODUCTION = { NODE_ENV: 'production', ...KEY };

const warningsOf = (env: Record<string, string>): readonly string[] => loadConfig(env).warnings;

function mistakesOf(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

const NO_AUTHENTICATION = expect.stringMatching(/^AUTH is none/);

test('in production GraphiQL, introspection and suggestions are off; on a laptop they are on', () => {
  expect(loadConfig(PRODUCTION).protections).toMatchObject({
    graphiql: false,
    introspection: false,
    suggestions: false,
    corsOrigins: [],
    requestsPerMinute: 1_800,
    proxies: { hops: 0, header: 'x-forwarded-for' },
    maxOperationCost: 250,
  });
  expect(loadConfig({}).protections).toMatchObject({
    graphiql: true,
    introspection: true,
    suggestions: true,
  });
  expect(loadConfig({}).warnings).toEqual([]);
});

test('the real service without AUTH is refused', () => {
  expect(mistakesOf({ NODE_ENV: 'production', FIRMA_API_KEY: 'k3y' })).toContain('AUTH: ');
});

test.each([
  ['no authentication', {}, []],
  ['GraphiQL', { GRAPHIQL: 'on' }, ['GRAPHIQL is on in production']],
  ['introspection', { INTROSPECTION: 'on' }, [expect.stringMatching(/^INTROSPECTION is on in production/)]],
  ['no rate limit', { RATE_LIMIT_PER_MINUTE: '0' }, [expect.stringMatching(/^RATE_LIMIT_PER_MINUTE is 0/)]],
  ['every name', { HOST: '0.0.0.0' }, [expect.stringMatching(/^ALLOWED_HOSTS is not set/)]],
  ['every host, over IPv6', { HOST: '::' }, [expect.stringMatching(/^ALLOWED_HOSTS is not set/)]],
  [
    'origins over http',
    { CORS_ORIGINS: 'https://a.example,http://b.example' },
    [expect.stringMatching(/^CORS_ORIGINS contains an http origin/)],
  ],
  [
    'token keys that are cached for days',
    { AUTH_JWKS_MAX_STALE_SECONDS: '86401' },
    [expect.stringMatching(/^AUTH_JWKS_MAX_STALE_SECONDS is more than a day/)],
  ],
  ['no log', { LOG_LEVEL: 'silent' }, [expect.stringMatching(/^LOG_LEVEL is silent/)]],
  ['its own host names', { HOST: '0.0.0.0', ALLOWED_HOSTS: 'firma.comune.example' }, []],
  ['a page on the same machine', { CORS_ORIGINS: 'http://localhost:3000' }, []],
])('production with %s starts with a warning', (_, env, expected) => {
  expect(warningsOf({ ...PRODUCTION, ...env })).toEqual([NO_AUTHENTICATION, ...expected]);
});

test.each([
  ['FIRMA_API_URL', 'http://proxy.comune.example/api/v1/sign'],
  ['FIRMA_STORAGE_HOSTS', 'http://storage.comune.example'],
  ['FIRMA_STORAGE_HOSTS', 'a.blob.core.windows.net, http://10.0.0.7:10000'],
])('production does not start with %s=%s, because http is not encrypted', (name, value) => {
  expect(mistakesOf({ ...PRODUCTION, [name]: value })).toContain(`${name}: must be https in production`);
  expect(mistakesOf({ ...KEY, [name]: value })).toBe('');
  const onThisMachine = value.replace(/(?<=http:\/\/)[\w.]+/, '127.0.0.1');
  expect(mistakesOf({ ...PRODUCTION, [name]: onThisMachine })).toBe('');
});

test('an unknown NODE_ENV, which leaves everything on, is a warning', () => {
  for (const NODE_ENV of ['prod', 'Production', 'production '])
    expect(warningsOf({ NODE_ENV })).toEqual([expect.stringMatching(/^Unknown NODE_ENV value/)]);
  for (const NODE_ENV of ['development', 'test', '']) expect(warningsOf({ NODE_ENV })).toEqual([]);
});

const SANDBOX_URL = 'http://localhost:4010/api/v1/sign';

test('production starts with a sandbox, or without authentication, only if that is configured explicitly', () => {
  const mistakes = mistakesOf({ NODE_ENV: 'production' });
  expect(mistakes.split('\n')).toEqual([
    'Invalid configuration:',
    expect.stringMatching(/^ {2}FIRMA_API_KEY: is required in production.* SANDBOX_URL/),
    expect.stringMatching(/^ {2}AUTH: must be set/),
  ]);
  expect(mistakesOf({ NODE_ENV: 'production', AUTH: 'none' })).toMatch(/\n {2}FIRMA_API_KEY: /);
  expect(mistakesOf({ NODE_ENV: 'production', SANDBOX_URL })).toMatch(/:\n {2}AUTH: .*$/);
});

test('production with SANDBOX_URL starts with a warning', () => {
  expect(warningsOf({ NODE_ENV: 'production', AUTH: 'none', SANDBOX_URL })).toEqual([
    expect.stringMatching(/^SANDBOX_URL is set: the upstream is a sandbox/),
    NO_AUTHENTICATION,
  ]);
});

test('keeping final requests of a sandbox is a warning', () => {
  expect(warningsOf({ FINAL_REQUESTS_KEPT: '10' })).toEqual([
    expect.stringMatching(/^FINAL_REQUESTS_KEPT has no effect with a sandbox/),
  ]);
});

test('the real service outside production is a warning', () => {
  expect(warningsOf(KEY)).toEqual([expect.stringMatching(/^NODE_ENV is not production/)]);
  // A key for a sandbox causes no warning, as when tenants are tested.
  expect(warningsOf({ ...KEY, SANDBOX_URL })).toEqual([]);
});

test('CORS_ORIGINS=* is allowed, with a warning, only without authentication outside production', () => {
  const CORS_ORIGINS = '*';
  expect(warningsOf({ CORS_ORIGINS })).toEqual([expect.stringMatching(/^CORS_ORIGINS is \*/)]);
  expect(mistakesOf({ ...PRODUCTION, CORS_ORIGINS })).toContain('CORS_ORIGINS: must not be * in production');
  for (const NODE_ENV of ['production', 'development'])
    for (const AUTH of ['jwt', 'api-key'])
      expect(mistakesOf({ ...KEY, NODE_ENV, AUTH, CORS_ORIGINS })).toContain(
        'CORS_ORIGINS: must not be * with authentication',
      );
});

test.each([
  [
    'CORS_ORIGINS',
    [
      '',
      'comune.example',
      'https://a.example/',
      'https://a.example/x',
      'null',
      '*, https://a.example',
      'https://*.a.example',
      'ftp://a.example',
      'https://a.example:443',
    ],
  ],
  ['ALLOWED_HOSTS', ['', 'a.example:443', 'https://a.example', '*.a.example', 'a b', 'a.example,']],
  ['GRAPHIQL', ['', 'true', 'ON']],
  ['INTROSPECTION', ['1']],
  ['RATE_LIMIT_PER_MINUTE', ['-1', '1e3', '']],
  ['TRUST_PROXY', ['true', '11']],
  ['TRUST_PROXY_HEADER', ['', 'X-Real-IP', 'x-forwarded-for,forwarded']],
  ['MAX_OPERATION_COST', ['0']],
  ['TRUSTED_DOCUMENTS', ['', '/nowhere/manifest.json', 'package.json']],
])('%s refuses ambiguous values', (name, values) => {
  for (const value of values) expect(mistakesOf({ [name]: value }), value).toContain(`${name}: `);
});

test('hosts and origins are accepted in any case and with spaces', () => {
  const { protections } = loadConfig({
    CORS_ORIGINS: 'https://a.example, http://localhost:3000',
    ALLOWED_HOSTS: 'Firma.Comune.example , [::1]',
  });
  expect(protections).toMatchObject({
    corsOrigins: ['https://a.example', 'http://localhost:3000'],
    allowedHosts: ['firma.comune.example', '[::1]'],
  });
});

test('the program logs each warning on one line, and does not offer GraphiQL when it is off', async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const variables = { NODE_ENV: 'production', AUTH: 'none', SANDBOX_URL: sandbox.url, INTROSPECTION: 'on' };
  const main = runMain(variables);
  await main.url();
  const lines = () => main.output.stdout.split('\n').slice(0, -1);
  await expect.poll(() => lines().length).toBe(4);
  // Two streams are written independently, so the order of the lines may differ.
  const isForPeople = (line: string): boolean => line.startsWith('Sigillo: ');
  const forPrograms = lines().filter((line) => !isForPeople(line));
  expect(forPrograms.map((line): unknown => JSON.parse(line))).toMatchObject([
    { level: 40, msg: expect.stringContaining('sandbox') },
    { level: 40, msg: expect.stringContaining('AUTH is none') },
    { level: 40, msg: expect.stringContaining('INTROSPECTION') },
  ]);
  expect(lines().find(isForPeople)).toMatch(
    /^Sigillo: http:\/\/localhost:\d+\/graphql; it talks to the sandbox/,
  );
});

test('the program lists the missing production settings, and exits', async () => {
  const { code, stdout, stderr } = await runMain({ NODE_ENV: 'production' }).ended();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^Sigillo could not start\. .*:\n {2}FIRMA_API_KEY: .*\n {2}AUTH: .*\n$/);
});
