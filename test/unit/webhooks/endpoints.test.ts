import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../../src/config/load.ts';
import { readWebhooks } from '../../../src/webhooks/endpoints.ts';
import { temporaryFile } from '../../support/api-keys.ts';
import { OTHER_SECRET, SECRET } from '../../support/webhook-receiver.ts';

const URL_ = 'https://hooks.example/path-that-is-secret';
const good = { url: URL_, secret: SECRET };
const fileOf = (content: unknown): string => temporaryFile('webhooks.json', JSON.stringify(content));

/** The mistakes of a configuration, which contain no secret and no URL. */
function mistakesOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toMatch(/path-that-is-secret|hooks\.example|whsec_[A-Z]|C2FVsBQI|pass-word/);
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  throw new Error('the configuration is valid');
}
const mistakeIn = (content: unknown): string => mistakesOf({ WEBHOOKS_FILE: fileOf(content) }).join('\n');

test('endpoints are read from the file, with one secret or several', () => {
  const [first, second] = readWebhooks(
    fileOf([good, { url: 'http://localhost:3000/', secret: [SECRET, OTHER_SECRET], tenant: 'alfa' }]),
  );
  expect(first).toMatchObject({ position: 1, tenant: undefined, url: new URL(URL_) });
  expect(second).toMatchObject({ position: 2, tenant: 'alfa' });
  expect([first?.secrets.length, second?.secrets.length]).toEqual([1, 2]);
  // The id is stable, and differs between tenants.
  expect(first?.id).toBe(readWebhooks(fileOf([good]))[0]?.id);
  expect(first?.id).not.toBe(readWebhooks(fileOf([{ ...good, tenant: 'alfa' }]))[0]?.id);
  expect(inspect(first, { depth: 5 })).not.toContain('C2FVsBQI');
});

const WRONG_URL = 'must be an https URL, or http on this machine, without user name and fragment';
const WRONG_SECRET =
  'must be whsec_ followed by the base64 of 24 to 64 random bytes, or a list of 1 to 4 such secrets';

test.each([
  ['not a list', good, 'must be a list of objects with url and secret'],
  ['an empty file', [], 'must contain an endpoint'],
  ['too many endpoints', Array.from({ length: 21 }, () => good), 'must contain at most 20 endpoints'],
  ['http', [good, { ...good, url: 'http://hooks.example/' }], `endpoint 2: url: ${WRONG_URL}`],
  ['another scheme', [{ ...good, url: 'ftp://localhost/' }], `endpoint 1: url: ${WRONG_URL}`],
  [
    'a user name',
    [{ ...good, url: 'https://user:pass-word@hooks.example' }],
    `endpoint 1: url: ${WRONG_URL}`,
  ],
  ['a fragment', [{ ...good, url: `${URL_}#a` }], `endpoint 1: url: ${WRONG_URL}`],
  ['a URL that is not text', [{ ...good, url: 7 }], `endpoint 1: url: ${WRONG_URL}`],
  ['no secret', [{ url: URL_ }], `endpoint 1: secret: ${WRONG_SECRET}`],
  ['a short secret', [{ ...good, secret: 'whsec_QUJD' }], `endpoint 1: secret: ${WRONG_SECRET}`],
  [
    'a secret without its prefix',
    [{ ...good, secret: SECRET.slice(6) }],
    `endpoint 1: secret: ${WRONG_SECRET}`,
  ],
  [
    'a bad secret among good ones',
    [{ ...good, secret: [SECRET, 'no'] }],
    `endpoint 1: secret: ${WRONG_SECRET}`,
  ],
  ['an empty list of secrets', [{ ...good, secret: [] }], 'endpoint 1: secret: must contain a secret'],
  ['a duplicate', [good, { ...good, secret: OTHER_SECRET }], 'endpoint 2: is a duplicate'],
])('a file with a mistake is refused: %s', (_, content, mistake) => {
  expect(mistakeIn(content)).toBe(`WEBHOOKS_FILE: invalid file: ${mistake}`);
});

test('a missing file or invalid JSON is reported with all other mistakes', () => {
  const unreadable = 'WEBHOOKS_FILE: must be a readable JSON file';
  expect(mistakesOf({ WEBHOOKS_FILE: '/nowhere', PORT: 'x' })).toEqual([
    'PORT: must be a whole number, 0 to 65535',
    unreadable,
  ]);
  expect(mistakesOf({ WEBHOOKS_FILE: temporaryFile('webhooks.json', '[{') })).toEqual([unreadable]);
});

test('with tenants each endpoint needs a known tenant, and without tenants none', () => {
  const of = (tenant?: string): string => fileOf([good, { ...good, url: `${URL_}/2`, tenant }]);
  const TENANTS_FILE = fileOf({ alfa: { apiKey: 'k' }, beta: { apiKey: 'l' } });
  const AUTH = 'api-key';
  const AUTH_API_KEYS_FILE = fileOf([]);
  const all = { TENANTS_FILE, AUTH, AUTH_API_KEYS_FILE };
  const ofTenants = (file: string): string[] =>
    mistakesOf({ ...all, WEBHOOKS_FILE: file }).filter((line) => line.startsWith('WEBHOOKS_FILE'));
  expect(mistakesOf({ WEBHOOKS_FILE: of('alfa') })).toEqual([
    'WEBHOOKS_FILE: endpoint 2: tenant: requires TENANTS_FILE',
  ]);
  const unknown = (nth: number): string =>
    `WEBHOOKS_FILE: endpoint ${nth}: tenant: must be a tenant of TENANTS_FILE`;
  expect(ofTenants(of('alfa'))).toEqual([unknown(1)]);
  expect(ofTenants(of('gamma'))).toEqual([unknown(1), unknown(2)]);
  expect(ofTenants(of())).toEqual([unknown(1), unknown(2)]);
});

test('the variables set the times', () => {
  const WEBHOOKS_FILE = fileOf([good]);
  const env = { WEBHOOKS_FILE, WEBHOOK_GIVE_UP_HOURS: '2', WEBHOOK_MAX_PAUSE_SECONDS: '30' };
  expect(loadConfig(env).webhooks).toMatchObject({
    times: { giveUpMs: 7_200_000 },
    pace: { mostMs: 30_000 },
  });
});
