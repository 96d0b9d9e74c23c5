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
  expect(html).toContain('<title>GraphiQL · Sigillo</title>');
  expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1" />');
  expect(html).not.toMatch(/(?:src|href)="(?!\/)/);
});

test('a GET request with a query is answered', async () => {
  const { url } = await startGateway();
  const response = await fetch(`${url}?query={__typename}`, { headers: { accept: 'application/json' } });
  expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
});
