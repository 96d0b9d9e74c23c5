import { expect, test } from 'vitest';
import { requestIdFrom } from '../../src/observability/logging/request-scope.ts';
import { scrub } from '../../src/observability/logging/scrubber.ts';
import { exchange } from '../support/raw-http.ts';
import { startFailingGateway, refuses } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

const ask = (url: string, query: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });

test('every answer has a unique id in its header', async () => {
  const { url } = await startGateway();
  const answers = await Promise.all([
    ask(url, '{ __typename }'),
    ask(url, '{ __typename }'),
    ask(url, '{'),
    fetch(url, { headers: { accept: 'text/html' } }),
    fetch(new URL('/nowhere', url)),
    fetch(`${url}?query=${'x'.repeat(8_000)}`),
  ]);
  const ids = answers.map(({ headers }) => headers.get('x-request-id') ?? 'none');
  expect(ids.filter((id) => !UUID.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each([
  ['a UUID', '0b9ff6f0-9f39-4b0a-8d8c-0a2f2c6c3a11'],
  ['a ULID', '01KJYMD75M8Q4V6W9X0Y2Z7A1C'],
  ['the id of a load balancer', 'Root=1-67891233-abcdef012345678912345678'],
  ['a letter', 'a'],
  ['128 characters', 'a'.repeat(128)],
])('the id of a client is used if it is %s', async (_, id) => {
  const { url } = await startGateway();
  const answer = await ask(url, '{ nope }', { 'x-request-id': id });
  expect(answer.headers.get('x-request-id')).toBe(id);
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { requestId: id } }] });
});

test.each([
  ['is a fiscal code', 'SPNDNL80R13C555X'],
  ['contains a fiscal code', 'user_spndnl80r13c555x_1'],
  ['is empty', ''],
  ['is longer', 'a'.repeat(129)],
  ['has a space', 'a b'],
  ['has quotes', '"a"'],
  ['could be markup', '<b>'],
  ['has letters with accents', 'perché'],
])('the id of a client is replaced if it %s', async (_, id) => {
  const { url } = await startGateway();
  const answer = await ask(url, '{ nope }', { 'x-request-id': encode(id) });
  const given = answer.headers.get('x-request-id');
  expect(given).toMatch(UUID);
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { requestId: given } }] });
});

/** Headers are Latin-1. */
const encode = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

test('two ids are both replaced', async () => {
  const { url } = await startGateway();
  const answer = await exchange(url, [
    'GET /graphql HTTP/1.1',
    'host: localhost',
    'x-request-id: one',
    'x-request-id: two',
  ]);
  const [, id = ''] = /^x-request-id: (.*)\r$/im.exec(answer) ?? [];
  expect(id).toMatch(UUID);
});

test('a request has one id, and concurrent requests have different ones', async () => {
  const world = await startFailingGateway();
  world.fail('getDossier', refuses(401));
  const ids = Array.from({ length: 10 }, (_, nth) => `client-${nth}`);
  const query = '{ a: dossier(id: "d1") { id } b: dossier(id: "d2") { id } }';
  const answers = await Promise.all(
    ids.map(async (id) => (await ask(world.url, query, { 'x-request-id': id })).json()),
  );
  for (const [nth, answer] of answers.entries()) {
    const error = { extensions: { code: 'UPSTREAM_REFUSED', requestId: `client-${nth}` } };
    expect(answer).toMatchObject({ errors: [error, error] });
  }
});

test('an id has no character with a meaning in headers, logs or HTML', () => {
  const taken = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(
    (character) => requestIdFrom(character, scrub) === character,
  );
  expect(taken.join('')).toBe('+-.0123456789:=ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz');
});
