import { expect, test } from 'vitest';
import { sandboxForTest } from './support-issuer.ts';

test.each([
  [undefined, 'text/plain; charset=utf-8'],
  ['*/*', 'text/plain; charset=utf-8'],
  ['application/json', 'application/json'],
  ['Application/Problem+JSON, application/json;q=0.5', 'application/json'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html; charset=utf-8'],
])('the root lists the URLs for a client that accepts %s', async (accept, type) => {
  const { origin, url } = await sandboxForTest();
  const response = await fetch(origin, { headers: accept === undefined ? {} : { accept } });
  const text = await response.text();
  expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
  expect(response.headers.get('content-security-policy')).toBe("default-src 'none'");
  for (const place of [
    url,
    `${origin}/_sandbox`,
    `${origin}/_sandbox/openapi.yaml`,
    `${origin}/iopitnsignst01`,
  ]) {
    expect(text).toContain(place);
  }
  if (type !== 'application/json') expect(text).toContain('docs/guide/sandbox.md');
  else expect(JSON.parse(text)).toMatchObject({ links: { api: url, control: `${origin}/_sandbox` } });
});

test('the root uses the host of the request, and responds to HEAD without a body', async () => {
  const { port, origin } = await sandboxForTest();
  const found = await (await fetch(`http://localhost:${port}/`)).text();
  expect(found).toContain(`http://localhost:${port}/api/v1/sign`);
  const head = await fetch(origin, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

test('the root refuses other methods, and is not recorded in the journal', async () => {
  const { origin, journal } = await sandboxForTest();
  expect((await fetch(origin, { method: 'POST', body: 'x' })).status).toBe(404);
  expect((await fetch(`${origin}/nothing`)).status).toBe(404);
  expect((await fetch(origin)).status).toBe(200);
  expect(journal.entries()).toEqual([]);
});
