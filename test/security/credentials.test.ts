import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { keysText, temporaryFile } from '../support/api-keys.ts';
import { callerAt, withToken } from '../support/caller.ts';
import { exchange } from '../support/raw-http.ts';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';

const BODY = '{"query":"{ __typename }"}';
const HEAD = ['POST /graphql HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'];

async function startWithTokens() {
  const issuer = await startTokenIssuer();
  const { url, sandbox } = await startGateway({ auth: jwtOptions(issuer.url) });
  return { issuer, url, sandbox, token: await issuer.sign({}) };
}

async function startWithKeys() {
  const text = keysText({ key: { name: 'a', role: 'operator' }, other: { name: 'b', role: 'operator' } });
  return startGateway({ auth: { mode: 'api-key', file: temporaryFile('keys.json', text) } });
}

/** Status of a request with exactly these header lines. */
async function statusOf(url: string, lines: readonly string[]): Promise<number> {
  return Number((await exchange(url, [...HEAD, ...lines], BODY)).slice(9, 12));
}

describe('with tokens', () => {
  test.each([
    ['in the form of RFC 6750', (token: string) => [`Authorization: Bearer ${token}`], 200],
    ['the scheme in any case, with blanks', (token: string) => [`AUTHORIZATION:   bEARER   ${token}  `], 200],
    ['without a scheme', (token: string) => [`Authorization: ${token}`], 401],
    ['with another scheme', (token: string) => [`Authorization: DPoP ${token}`], 401],
    ['in quotes', (token: string) => [`Authorization: Bearer "${token}"`], 401],
    ['with a tab', (token: string) => [`Authorization: Bearer\t${token}`], 401],
    ['with parameters', (token: string) => [`Authorization: Bearer ${token}, realm="x"`], 401],
    ['twice, with the same token', (token: string) => Array(2).fill(`Authorization: Bearer ${token}`), 401],
    [
      'a valid token first',
      (token: string) => [`Authorization: Bearer ${token}`, 'Authorization: Bearer x'],
      401,
    ],
    [
      'a valid token last',
      (token: string) => ['Authorization: Bearer x', `Authorization: Bearer ${token}`],
      401,
    ],
    [
      'a valid token after another scheme',
      (token: string) => ['Authorization: Basic eDp5', `Authorization: Bearer ${token}`],
      401,
    ],
    ['as an API key', (token: string) => [`x-api-key: ${token}`], 401],
    [
      'with an API key, which is ignored',
      (token: string) => [`Authorization: Bearer ${token}`, 'x-api-key: x'],
      200,
    ],
    ['as a cookie', (token: string) => [`Cookie: authorization=Bearer ${token}; access_token=${token}`], 401],
    ['in Proxy-Authorization', (token: string) => [`Proxy-Authorization: Bearer ${token}`], 401],
    ['in X-Forwarded-Authorization', (token: string) => [`X-Forwarded-Authorization: Bearer ${token}`], 401],
    ['with three signatures', (token: string) => [`Authorization: Bearer ${token}.${token}`], 401],
    [
      'with the five parts of an encrypted token',
      (token: string) => [`Authorization: Bearer ${token}.a.b`],
      401,
    ],
  ])('%s', async (_, lines, status) => {
    const { url, token } = await startWithTokens();
    expect(await statusOf(url, lines(token))).toBe(status);
  });

  test('a token in the URL is ignored, also with GET', async () => {
    const { url, token } = await startWithTokens();
    const query = `query=${encodeURIComponent('{ __typename }')}`;
    const get = (search: string, headers = {}) =>
      fetch(`${url}?${search}`, { headers: { accept: 'application/json', ...headers } });
    expect((await get(`${query}&access_token=${token}`)).status).toBe(401);
    expect((await get(query)).status).toBe(401);
    expect((await get(query, withToken(token))).status).toBe(200);
  });

  test('a token may be as long as the headers, which Node limits to 16 KiB', async () => {
    const { url, issuer } = await startWithTokens();
    const tokenOf = async (length: number): Promise<string> => {
      const rest = (await issuer.sign({ filler: '' })).length;
      // Base64 turns three bytes into four characters.
      return issuer.sign({ filler: 'x'.repeat(Math.floor(((length - rest) * 3) / 4)) });
    };
    for (const length of [8_180, 8_250, 16_000])
      expect(await statusOf(url, [`Authorization: Bearer ${await tokenOf(length)}`]), `${length}`).toBe(200);
    // The groups of a user who is a member of 150, as a directory service writes them.
    const groups = Array.from({ length: 150 }, () => randomUUID());
    expect(await statusOf(url, [`Authorization: Bearer ${await issuer.sign({ groups })}`])).toBe(200);
    expect(await statusOf(url, [`Authorization: Bearer ${await tokenOf(17_000)}`])).toBe(431);
    // A long run of blanks costs no time.
    expect(await statusOf(url, [`Authorization: Bearer ${' '.repeat(8_000)}x y`])).toBe(401);
  });
});

describe('with keys', () => {
  test.each([
    [['x-api-key: key'], 200],
    [['X-API-KEY:  key  '], 200],
    [['Authorization: Bearer key'], 200],
    [['Authorization: Basic a2V5Og=='], 401],
    [['x-api-key: key', 'x-api-key: key'], 401],
    [['x-api-key: key', 'x-api-key: other'], 401],
    [['Authorization: Bearer key', 'Authorization: Bearer other'], 401],
    // A proxy may use `Authorization` for itself.
    [['x-api-key: key', 'Authorization: Basic eDp5'], 200],
    [['x-api-key: key', 'Authorization: Bearer wrong'], 200],
    [['x-api-key: wrong', 'Authorization: Bearer key'], 401],
    [['x-api-key: ', 'Authorization: Bearer key'], 401],
    [[`x-api-key: ${'k'.repeat(8_193)}`], 401],
    [['Cookie: x-api-key=key'], 401],
  ])('%j: %i', async (lines, status) => {
    const { url } = await startWithKeys();
    expect(await statusOf(url, lines)).toBe(status);
  });
});

test('with AUTH=none credentials are ignored, and every caller is an operator', async () => {
  const { url } = await startGateway();
  for (const headers of [{}, withToken('x'), { 'x-api-key': 'x' }])
    expect((await callerAt(url, headers).ask('{ dossier(id: "x") { id } }')).body).toEqual({
      data: { dossier: null },
    });
});

test('refused requests count towards the rate limit of their address, with a Retry-After', async () => {
  const issuer = await startTokenIssuer();
  const { url } = await startGateway({
    auth: jwtOptions(issuer.url),
    protections: { requestsPerMinute: 5 },
  });
  const guess = async (): Promise<number> =>
    (await callerAt(url, withToken(await issuer.sign({ exp: 1 }))).ask('{ __typename }')).status;
  const statuses = [await guess(), await guess(), await guess(), await guess(), await guess(), await guess()];
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
});

test('an authenticated caller has its own rate limit, from any address', async () => {
  const issuer = await startTokenIssuer();
  const { url } = await startGateway({
    auth: jwtOptions(issuer.url),
    protections: { requestsPerMinute: 3 },
  });
  const ask = async (sub: string): Promise<number> =>
    (await callerAt(url, withToken(await issuer.sign({ sub }))).ask('{ __typename }')).status;
  for (const sub of ['anna', 'bruno', 'carla'])
    expect([await ask(sub), await ask(sub), await ask(sub), await ask(sub)], sub).toEqual([
      200, 200, 200, 429,
    ]);
});

test('a refusal precedes the file, and a client that sends all of it gets the response', async () => {
  const { url, sandbox } = await startWithTokens();
  const form = new FormData();
  const query =
    'mutation ($input: ValidateDocumentInput!) { validateDocument(input: $input) { __typename } }';
  form.set('operations', JSON.stringify({ query, variables: { input: { file: null } } }));
  form.set('map', '{"0":["variables.input.file"]}');
  form.set('0', new Blob([new Uint8Array(10_000_000)]), 'a.pdf');
  const response = await fetch(url, { method: 'POST', body: form });
  expect(response.status).toBe(401);
  expect(sandbox.journal.entries()).toEqual([]);
});

test('no response may be cached', async () => {
  const { url, token } = await startWithTokens();
  for (const headers of [{}, withToken(token)]) {
    const { headers: seen } = await callerAt(url, headers).ask('{ __typename }');
    expect(seen['cache-control']).toBe('no-store');
  }
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-cache']);
});
