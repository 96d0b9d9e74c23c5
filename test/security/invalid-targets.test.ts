import { expect, test } from 'vitest';
import { exchange } from '../support/raw-http.ts';
import { startFailingGateway } from '../support/service-proxy.ts';

const BODY = '{"query":"{ __typename }"}';
const JSON_TYPE = 'content-type: application/json';

/** Expects the answer to a request with an invalid target: a refusal without a line in the log. */
async function expectRefused(requestLine: string, ...headers: readonly string[]): Promise<void> {
  const { url, calls, logs } = await startFailingGateway();
  const answer = await exchange(url, [requestLine, JSON_TYPE, 'x-request-id: r-1', ...headers], BODY);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toMatch(/"extensions":\{"code":"BAD_REQUEST","requestId":"r-1"\}\}\]\}$/);
  expect(calls).toEqual([]);
  expect(logs.lines().filter(({ level }) => Number(level) >= 40)).toEqual([]);
}

// A URL made from these throws, or has another path, query or host than the request.
test.each([
  'a b',
  'a, b',
  '[',
  '[::1',
  'localhost:port',
  'localhost/graphql?query=',
  'localhost#',
  'localhost?',
  'evil.example@localhost',
  'localhost\\graphql',
  '%',
  ':4000',
])('the Host %j: 400', async (host) => {
  await expectRefused('POST /graphql HTTP/1.1', `host: ${host}`);
});

test('two Host headers, of which a proxy would take the other: 400', async () => {
  await expectRefused('POST /graphql HTTP/1.1', 'host: localhost', 'host: evil.example');
});

test.each(['*', 'http://', 'http://[/graphql', 'http://user:password@localhost/graphql', 'file:///graphql'])(
  'the target %j: 400',
  async (target) => {
    await expectRefused(`POST ${target} HTTP/1.1`, 'host: localhost');
  },
);

test('the host of an absolute target takes precedence over Host', async () => {
  const { url } = await startFailingGateway();
  const to = (target: string, host: string) =>
    exchange(url, [`POST ${target} HTTP/1.1`, `host: ${host}`, JSON_TYPE], BODY);
  expect(await to('http://localhost/graphql', 'evil.example')).toContain('{"data":{"__typename":"Query"}}');
  expect(await to('http://evil.example/graphql', 'localhost')).toMatch(/^HTTP\/1\.1 421 /);
  expect(await to('http://localhost/', 'localhost')).toMatch(/^HTTP\/1\.1 404 /);
});
