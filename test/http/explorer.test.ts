import { expect, test } from 'vitest';
import { startGateway } from '../support/start-gateway.ts';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

test('a browser gets GraphiQL, with a policy that forbids resources of other origins', async () => {
  const { url } = await startGateway();
  const response = await fetch(url, { headers: BROWSER });
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/https?:|\*/);
  const html = await response.text();
  expect(html).toContain('Step 1 of 5');
  expect(html.slice(0, html.indexOf('</head>'))).toContain(
    '<meta name="viewport" content="width=device-width, initial-scale=1" />',
  );
  expect(html.slice(0, html.indexOf('<script>'))).not.toMatch(/(?:src|href)="(?!data:)/);
});

test('the page is compressed, and is not sent again while it is unchanged', async () => {
  const { url } = await startGateway();
  const plain = await fetch(url, { headers: { ...BROWSER, 'accept-encoding': 'identity' } });
  expect(plain.headers.get('content-encoding')).toBeNull();
  const compressed = await fetch(url, { headers: { ...BROWSER, 'accept-encoding': 'br, gzip' } });
  expect(compressed.headers.get('content-encoding')).toBe('gzip');
  expect(await compressed.text()).toBe(await plain.text());
  const etag = compressed.headers.get('etag') ?? '';
  const again = await fetch(url, { headers: { ...BROWSER, 'if-none-match': etag } });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe('');
});

test('a GET request with a query is answered', async () => {
  const { url } = await startGateway();
  const response = await fetch(`${url}?query={__typename}`, { headers: { accept: 'application/json' } });
  expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
});
