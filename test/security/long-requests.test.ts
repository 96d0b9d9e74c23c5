import { expect, test } from 'vitest';
import { multipartBody, PoliteClient } from '../support/multipart.ts';
import { exchange } from '../support/raw-http.ts';
import { startGateway } from '../support/start-gateway.ts';

const HEAD = ['POST /graphql HTTP/1.1', 'host: localhost', 'content-type: application/json'];
const BODY = '{"query":"{ __typename }"}';

test('a URL of more than 8,000 characters: 414', async () => {
  const { url } = await startGateway();
  const get = (length: number) => fetch(`${url}?query={__typename}&x=${'x'.repeat(length)}`);
  const response = await get(8_000);
  expect(response.status).toBe(414);
  expect(await response.text()).toContain('URI_TOO_LONG');
  expect((await get(7_000)).status).toBe(200);
});

test.each([
  ['one header of more than 16 KiB', [`x-long: ${'x'.repeat(17_000)}`]],
  ['many headers of more than 16 KiB together', Array.from({ length: 1_500 }, (_, n) => `x-${n}: 123456789`)],
])('%s: 431, and the connection is closed', async (_, headers) => {
  const { url, run } = await startGateway();
  expect(await exchange(url, [...HEAD, ...headers], BODY)).toMatch(/^HTTP\/1\.1 431 /);
  expect(await run('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
});

test.each([
  ['two lengths', ['content-length: 5', 'content-length: 26']],
  ['a length and chunks', ['transfer-encoding: chunked', 'content-length: 26']],
  ['a header folded over two lines', ['x-a: 1', ' transfer-encoding: chunked']],
  ['a name with a blank', ['content-length : 26']],
])('%s, which proxies understand in different ways: 400', async (_, headers) => {
  const { url, sandbox } = await startGateway();
  expect(await exchange(url, [...HEAD, ...headers], BODY)).toMatch(/^HTTP\/1\.1 400 /);
  expect(sandbox.journal.entries()).toEqual([]);
});

test.each([
  ['operations', [['operations', 'x'.repeat(1_000_001)]]],
  [
    'map',
    [
      ['operations', BODY],
      ['map', 'x'.repeat(1_000_001)],
    ],
  ],
] as [string, [string, string][]][])('a multipart field %s of more than 1 MB: refused', async (_, fields) => {
  const { url } = await startGateway();
  using client = new PoliteClient(Number(new URL(url).port));
  const { status, body } = await client.post(multipartBody(fields, []));
  expect(status).toBe(413);
  expect(body.errors[0]?.['extensions']).toMatchObject({ code: 'REQUEST_ENTITY_TOO_LARGE' });
});
