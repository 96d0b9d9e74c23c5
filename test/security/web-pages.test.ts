import { expect, test } from 'vitest';
import { callerAt, withToken } from '../support/caller.ts';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';

const PAGE = 'https://portale.comune.example';
const FROM_PAGE = { origin: PAGE, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };

async function start() {
  const issuer = await startTokenIssuer();
  const { url, sandbox } = await startGateway({
    auth: jwtOptions(issuer.url),
    protections: { corsOrigins: [PAGE] },
  });
  return { issuer, url, sandbox };
}

test('the preflight for a request with a token is allowed without a token', async () => {
  const { url, issuer } = await start();
  const response = await fetch(url, {
    method: 'OPTIONS',
    headers: {
      ...FROM_PAGE,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe(PAGE);
  // Listed by name: * does not include Authorization.
  expect(response.headers.get('access-control-allow-headers')).toContain('authorization');
  expect(response.headers.get('access-control-allow-credentials')).toBe(null);
  expect(issuer.readings()).toBe(0);
});

test('a page of a listed origin can read answers and refusals, with their headers', async () => {
  const { url, issuer } = await start();
  const good = await callerAt(url, { ...FROM_PAGE, ...withToken(await issuer.sign({})) }).ask(
    '{ __typename }',
  );
  const expired = { ...FROM_PAGE, ...withToken(await issuer.sign({ exp: 1 })) };
  const bad = await callerAt(url, expired).ask('{ __typename }');
  const none = await callerAt(url, FROM_PAGE).ask('{ __typename }');
  const noRights = { ...FROM_PAGE, ...withToken(await issuer.sign({ role: 'x' })) };
  const forbidden = await callerAt(url, noRights).ask('{ __typename }');
  expect([good, bad, none, forbidden].map(({ status }) => status)).toEqual([200, 401, 401, 403]);
  for (const { headers } of [good, bad, none, forbidden]) {
    expect(headers['access-control-allow-origin']).toBe(PAGE);
    expect(headers['access-control-expose-headers']).toContain('www-authenticate');
    expect(headers['vary']).toContain('Origin');
  }
});

test('a token does not permit the request of a page that is not listed', async () => {
  const { url, issuer, sandbox } = await start();
  const headers = { ...FROM_PAGE, origin: 'https://evil.example', ...withToken(await issuer.sign({})) };
  const { status, body, headers: seen } = await callerAt(url, headers).ask('{ dossier(id: "x") { id } }');
  expect(status).toBe(403);
  expect(body['errors']?.[0]).toMatchObject({ extensions: { code: 'FORBIDDEN_ORIGIN' } });
  expect(Object.keys(seen).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  expect(sandbox.journal.entries()).toEqual([]);
});

test('GraphiQL loads without a token, and its operations need one', async () => {
  const { url } = await start();
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<html');
  expect((await callerAt(url).ask('{ __schema { queryType { name } } }')).status).toBe(401);
});
