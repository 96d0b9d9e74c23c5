import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../../src/config/load.ts';
import { readWebhooks } from '../../../src/webhooks/endpoints.ts';
import { temporaryFile } from '../../support/api-keys.ts';
import { OTHER_SECRET, SECRET } from '../../support/webhook-receiver.ts';

const URL_ = 'https://hooks.example/path-that-is-secret';
const good = { url: URL_, secret: SECRET };
const fileOf = (content: unknown): string => temporaryFile('webhooks.json', JSON.stringify(content));

/** What is wrong with a configuration; it holds no secret and no address. */
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
  throw new Error('it can be used');
}
const mistakeIn = (content: unknown): string => mistakesOf({ WEBHOOKS_FILE: fileOf(content) }).join('\n');

test('endpoints are read from the file, with one secret or several', () => {
  const [first, second] = readWebhooks(
    fileOf([good, { url: 'http://localhost:3000/', secret: [SECRET, OTHER_SECRET], tenant: 'alfa' }]),
  );
  expect(first).toMatchObject({ position: 1, tenant: undefined, url: new URL(URL_) });
  expect(second).toMatchObject({ position: 2, tenant: 'alfa' });
  expect([first?.secrets.length, second?.secrets.length]).toEqual([1, 2]);
  // What is kept for an endpoint is found again, and is nobody else's.
  expect(first?.id).toBe(readWebhooks(fileOf([good]))[0]?.id);
  expect(first?.id).not.toBe(readWebhooks(fileOf([{ ...good, tenant: 'alfa' }]))[0]?.id);
  expect(inspect(first, { depth: 5 })).not.toContain('C2FVsBQI');
});

const WRONG_URL = 'must be an https URL, or http on this machine, without a user name and a fragment';
const WRONG_SECRET = 'must be whsec_ and the base64 of 24 to 64 random bytes, or a list of one to 4 of these';

test.each([
  ['no list', good, 'must be a list of objects with url and secret'],
  ['nothing', [], 'must have an endpoint'],
  ['too many', Array.from({ length: 21 }, () => good), 'must have 20 endpoints at most'],
  ['http', [good, { ...good, url: 'http://hooks.example/' }], `endpoint 2: url: ${WRONG_URL}`],
  ['another scheme', [{ ...good, url: 'ftp://localhost/' }], `endpoint 1: url: ${WRONG_URL}`],
  ['a name', [{ ...good, url: 'https://user:pass-word@hooks.example' }], `endpoint 1: url: ${WRONG_URL}`],
  ['a fragment', [{ ...good, url: `${URL_}#a` }], `endpoint 1: url: ${WRONG_URL}`],
  ['no address', [{ ...good, url: 7 }], `endpoint 1: url: ${WRONG_URL}`],
  ['no secret', [{ url: URL_ }], `endpoint 1: secret: ${WRONG_SECRET}`],
  ['a short one', [{ ...good, secret: 'whsec_QUJD' }], `endpoint 1: secret: ${WRONG_SECRET}`],
  ['one without its prefix', [{ ...good, secret: SECRET.slice(6) }], `endpoint 1: secret: ${WRONG_SECRET}`],
  ['a bad one among good ones', [{ ...good, secret: [SECRET, 'no'] }], `endpoint 1: secret: ${WRONG_SECRET}`],
  ['an empty list', [{ ...good, secret: [] }], 'endpoint 1: secret: must have a secret'],
  ['twice', [good, { ...good, secret: OTHER_SECRET }], 'endpoint 2: is there twice'],
])('%s is a mistake that is named', (_, content, mistake) => {
  expect(mistakeIn(content)).toBe(`WEBHOOKS_FILE: the file cannot be used: ${mistake}`);
});

test('a file that is not there or no JSON is a mistake, reported with all others', () => {
  const unreadable = 'WEBHOOKS_FILE: must be a file with JSON that can be read';
  expect(mistakesOf({ WEBHOOKS_FILE: '/nowhere', PORT: 'x' })).toEqual([
    'PORT: must be a whole number, 0 to 65535',
    unreadable,
  ]);
  expect(mistakesOf({ WEBHOOKS_FILE: temporaryFile('webhooks.json', '[{') })).toEqual([unreadable]);
});

test('with tenants each endpoint is of one of them, and without there is none', () => {
  const of = (tenant?: string): string => fileOf([good, { ...good, url: `${URL_}/2`, tenant }]);
  const TENANTS_FILE = fileOf({ alfa: { apiKey: 'k' }, beta: { apiKey: 'l' } });
  const AUTH = 'api-key';
  const AUTH_API_KEYS_FILE = fileOf([]);
  const all = { TENANTS_FILE, AUTH, AUTH_API_KEYS_FILE };
  const ofTenants = (file: string): string[] =>
    mistakesOf({ ...all, WEBHOOKS_FILE: file }).filter((line) => line.startsWith('WEBHOOKS_FILE'));
  expect(mistakesOf({ WEBHOOKS_FILE: of('alfa') })).toEqual([
    'WEBHOOKS_FILE: endpoint 2: tenant: needs TENANTS_FILE',
  ]);
  const unknown = (nth: number): string =>
    `WEBHOOKS_FILE: endpoint ${nth}: tenant: must be one of TENANTS_FILE`;
  expect(ofTenants(of('alfa'))).toEqual([unknown(1)]);
  expect(ofTenants(of('gamma'))).toEqual([unknown(1), unknown(2)]);
  expect(ofTenants(of())).toEqual([unknown(1), unknown(2)]);
});

test('the times are those of the variables', () => {
  const WEBHOOKS_FILE = fileOf([good]);
  const env = { WEBHOOKS_FILE, WEBHOOK_GIVE_UP_HOURS: '2', WEBHOOK_MAX_PAUSE_SECONDS: '30' };
  expect(loadConfig(env).webhooks).toMatchObject({
    times: { giveUpMs: 7_200_000 },
    pace: { mostMs: 30_000 },
  });
});
