import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { KEY, fileWith, mistakesOf, said, range, JWT, OWNERS, TENANTS } from './support-load.ts';

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
