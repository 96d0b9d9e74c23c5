import { expect, test } from 'vitest';
import { startGateway } from '../support/start-gateway.ts';

const LISTED = 'https://portale.comune.example';
const EVIL = 'https://evil.example';
const protections = { corsOrigins: [LISTED, 'https://altro.example:8443'] };

const preflight = (url: string, origin: string) =>
  fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, content-type',
    },
  });

const post = (url: string, headers: Record<string, string>) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"query":"{ __typename }"}',
  });

const corsHeaders = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));

/** Origins that a list with `LISTED` must not let in. */
const STRANGERS = [
  EVIL,
  'null',
  'http://portale.comune.example',
  'https://portale.comune.example.evil.example',
  'https://evil-portale.comune.example',
  'https://portale.comune.example:444',
  'https://altro.example',
  'https://PORTALE.comune.example',
];

test.each(STRANGERS)('a page of %s gets no preflight, no response and no effect', async (origin) => {
  const { url } = await startGateway({ protections });
  expect(corsHeaders(await preflight(url, origin))).toEqual({});
  const response = await post(url, { origin, 'sec-fetch-site': 'cross-site' });
  expect(response.status).toBe(403);
  expect(corsHeaders(response)).toEqual({});
  expect(await response.text()).toContain('FORBIDDEN_ORIGIN');
});

test('a page of a listed origin passes the preflight, sends and reads, without cookies', async () => {
  const { url } = await startGateway({ protections });
  const before = await preflight(url, LISTED);
  expect(before.status).toBe(204);
  expect(corsHeaders(before)).toEqual({
    'access-control-allow-origin': LISTED,
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'authorization, content-type',
    'access-control-expose-headers':
      'accept-ranges, content-disposition, content-range, etag, retry-after, www-authenticate, x-request-id',
    'access-control-max-age': '3600',
  });
  const response = await post(url, { origin: LISTED, 'sec-fetch-site': 'cross-site' });
  expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  expect(corsHeaders(response)).toMatchObject({ 'access-control-allow-origin': LISTED });
  // Without it a cache could serve the response for one origin to another.
  expect(response.headers.get('vary')).toContain('Origin');
});

test('other origins do not learn the listed origin', async () => {
  const { url } = await startGateway({ protections: { corsOrigins: [LISTED] } });
  expect(corsHeaders(await preflight(url, EVIL))).toEqual({});
});

test('without CORS_ORIGINS no response has CORS headers', async () => {
  const { url } = await startGateway();
  expect(corsHeaders(await preflight(url, LISTED))).toEqual({});
});

test('with * every page is allowed, except with the origin null or with cookies', async () => {
  const { url } = await startGateway({ protections: { corsOrigins: ['*'] } });
  const response = await post(url, { origin: EVIL, 'sec-fetch-site': 'cross-site' });
  expect(corsHeaders(response)).toMatchObject({ 'access-control-allow-origin': EVIL });
  expect(corsHeaders(response)).not.toHaveProperty('access-control-allow-credentials');
  expect((await post(url, { origin: 'null' })).status).toBe(403);
});
