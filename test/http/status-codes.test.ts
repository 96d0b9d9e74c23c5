import { expect, test } from 'vitest';
import type { GatewayOverrides } from '../support/gateway-options.ts';
import { exchange, openSocket } from '../support/raw-http.ts';
import { withoutRequestIds } from '../support/read-answer.ts';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';

const CREATE = `mutation { createDossier(input: { title: "Once", documents: [{ title: "Contratto" }] }) { __typename } }`;
const OPERATION = JSON.stringify({ query: CREATE });
const JSON_TYPE = { 'content-type': 'application/json' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
/** The headers of a browser that opens a URL. */
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8' };
/** The settings of production. */
const CLOSED = { graphiql: false, introspection: false, suggestions: false };

/** The status, the media type and the only error of an answer. */
async function refusalOf(address: string | URL, init: RequestInit = {}) {
  const response = await fetch(address, init);
  const body = withoutRequestIds(JSON.parse(await response.text()), response);
  const { message, extensions } = (body.errors?.[0] ?? {}) as { message?: string; extensions?: object };
  expect(body).toEqual({ errors: [{ message, extensions }] });
  const type = response.headers.get('content-type')?.split(';')[0];
  return { status: response.status, type, message, ...extensions };
}

/** A body without a Content-Type, which `fetch` would add. */
const bytes = (text: string) => new TextEncoder().encode(text);
const post = (body: string, headers: Record<string, string>) => ({
  method: 'POST',
  headers,
  body: bytes(body),
});

const refused = (status: number, code: string, message: RegExp) => ({
  status,
  type: 'application/json',
  code,
  message: expect.stringMatching(message),
});

test.each<[string, RequestInit]>([
  ['/', { headers: { accept: 'application/json' } }],
  ['/', { method: 'POST' }],
  ['/nowhere', { headers: BROWSER }],
  ['/nowhere?x=/graphql', {}],
  ['/prefix/graphql', {}],
  ['/graphql/nowhere', post(OPERATION, JSON_TYPE)],
  ['/nowhere', { method: 'DELETE' }],
])('%s is not found: 404 names the path of the API', async (path, init) => {
  const { url, sandbox } = await startGateway({ protections: CLOSED });
  expect(await refusalOf(new URL(path, url), init)).toEqual(
    refused(404, 'ADDRESS_NOT_FOUND', /Send operations to \/graphql\.$/),
  );
  expect(sandbox.journal.entries()).toEqual([]);
});

test('/graphql/ is the same path as /graphql', async () => {
  const { url } = await startGateway();
  const answer = await fetch(`${url}/`, post('{"query":"{ __typename }"}', JSON_TYPE));
  expect(await answer.json()).toEqual({ data: { __typename: 'Query' } });
});

test('HEAD of an unknown path has the same headers and no body', async () => {
  const { url } = await startGateway();
  const head = await exchange(url, ['HEAD /nowhere HTTP/1.1', 'host: localhost']);
  expect(head).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
  expect(head).toMatch(/\r\n\r\n$/);
});

const JSON_WANTED = /Send JSON with the header Content-Type: application\/json\./;

test.each([
  ['no media type', OPERATION, {}, /has no Content-Type/],
  ['text', OPERATION, { 'content-type': 'text/plain' }, /The Content-Type is not supported/],
  ['an invalid media type', OPERATION, { 'content-type': 'json' }, /The Content-Type is not supported/],
  ['a form, as curl -d sends JSON', OPERATION, FORM, /The body is not a form/],
  [
    'a form with a charset',
    OPERATION,
    { 'content-type': `${FORM['content-type']}; charset=utf-8` },
    /not a form/,
  ],
  ['a form with leading spaces', `\n ${OPERATION}`, FORM, /not a form/],
  ['a form that is a batch', `[${OPERATION}]`, FORM, /not a form/],
  ['a form that is GraphQL', '{ __typename }', FORM, /not a form/],
])('a body of %s: 415 names the supported types', async (_, body, headers, message) => {
  const { url, sandbox } = await startGateway();
  for (const accept of [
    {},
    { accept: 'application/json' },
    { accept: 'application/graphql-response+json' },
  ]) {
    const answer = await refusalOf(url, post(body, { ...headers, ...accept }));
    expect(answer).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
    expect(answer.message).toMatch(message);
    expect(answer.message).toMatch(JSON_WANTED);
  }
  expect(sandbox.journal.entries()).toEqual([]);
});

test('multipart forms are accepted, with a length or in chunks', async () => {
  const { url } = await startGateway();
  const body = new URLSearchParams({ query: '{ __typename }' });
  expect(await (await fetch(url, { method: 'POST', body })).json()).toEqual({
    data: { __typename: 'Query' },
  });
  const form = `${body}`;
  const chunked = await exchange(url, [
    'POST /graphql HTTP/1.1',
    'host: localhost',
    `content-type: ${FORM['content-type']}`,
    'transfer-encoding: chunked',
    `connection: close\r\n\r\n${form.length.toString(16)}\r\n${form}\r\n0`,
  ]);
  expect(chunked).toContain('{"data":{"__typename":"Query"}}');
});

test.each([
  'text/html',
  'image/png',
  'application/xml, text/plain',
  '*',
  'json',
  'application/json; charset=iso-8859-1',
])('a client that accepts only %j is refused before execution: 406', async (accept) => {
  const { url, sandbox } = await startGateway({ protections: CLOSED });
  expect(await refusalOf(url, post(OPERATION, { ...JSON_TYPE, accept }))).toEqual(
    refused(406, 'NOT_ACCEPTABLE', /Nothing was done.*Accept application\/json\.$/),
  );
  expect(sandbox.journal.entries()).toEqual([]);
});

test.each([
  '',
  'application/json',
  'APPLICATION/JSON ; charset=UTF-8',
  'application/graphql-response+json',
  'application/*',
  'text/html, */*;q=0.1',
  'text/event-stream',
  'multipart/mixed',
])('a client that accepts %j has an answer with a body', async (accept) => {
  const { url } = await startGateway();
  const answer = await fetch(url, post('{"query":"{ __typename }"}', { ...JSON_TYPE, accept }));
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('{"data":{"__typename":"Query"}}');
});

async function inProduction(options: GatewayOverrides = {}) {
  const issuer = await startTokenIssuer();
  const world = await startGateway({ auth: jwtOptions(issuer.url), protections: CLOSED, ...options });
  return { ...world, issuer };
}

test.each([
  ['a browser', BROWSER],
  ['a client that accepts HTML only', { accept: 'text/html' }],
])('%s without a credential is refused in production: 401', async (_, headers) => {
  const { url } = await inProduction();
  const unauthenticated = refused(401, 'UNAUTHENTICATED', /^Authentication required/);
  expect(await refusalOf(url, { headers })).toEqual(unauthenticated);
  expect(await refusalOf(url, post(OPERATION, { ...JSON_TYPE, ...headers }))).toEqual(unauthenticated);
});

test('a request of a browser without an operation is 400, with a credential or without AUTH', async () => {
  const noOperation = refused(400, 'BAD_REQUEST', /The request has no operation\. Send it as query/);
  const { url, issuer } = await inProduction();
  const authorization = `Bearer ${await issuer.sign({})}`;
  expect(await refusalOf(url, { headers: { ...BROWSER, authorization } })).toEqual(noOperation);
  const open = await inProduction({ auth: { mode: 'none' } });
  expect(await refusalOf(open.url, { headers: BROWSER })).toEqual(noOperation);
});

test('a request without an operation is 400 for every Accept', async () => {
  const { url } = await startGateway();
  for (const accept of ['*/*', 'application/json', 'application/graphql-response+json'])
    for (const body of ['{}', '{"query":null}', '{"operationName":"Q"}'])
      expect(await refusalOf(url, post(body, { ...JSON_TYPE, accept }))).toMatchObject({
        status: 400,
        code: 'BAD_REQUEST',
        message: expect.stringMatching(/has no operation/),
      });
});

test('an unknown Expect header is ignored', async () => {
  const { url } = await startGateway();
  const target = `/graphql?${new URLSearchParams({ query: '{ __typename }' })}`;
  const answer = await exchange(url, [`GET ${target} HTTP/1.1`, 'host: localhost', 'expect: miracles']);
  expect(answer).toContain('{"data":{"__typename":"Query"}}');
});

test('an unsupported method is 405 with the supported methods', async () => {
  const { url } = await startGateway();
  for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const answer = await fetch(url, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST']);
    expect(await refusalOf(url, { method })).toEqual(refused(405, 'BAD_REQUEST', /GET and POST/));
  }
  const health = await fetch(new URL('/health', url), { method: 'POST' });
  expect(health.status).toBe(405);
  expect(await health.json()).toEqual({
    errors: [{ message: 'Probes support GET and HEAD.', extensions: { code: 'BAD_REQUEST' } }],
  });
});

test.each([
  ['no HTTP', 'nonsense\r\n\r\n', 400, 'BAD_REQUEST'],
  ['a request without Host', 'GET /graphql HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'BAD_REQUEST'],
  [
    'headers of more than 16 KB',
    `GET /graphql HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'HEADERS_TOO_LARGE',
  ],
])('%s is answered with an error code and a request id', async (_, request, status, code) => {
  const { url } = await startGateway();
  const { socket, received, closed } = await openSocket(url);
  socket.write(request);
  await closed();
  const [head = '', body = ''] = received().split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  const requestId = /^x-request-id: (.+)$/im.exec(head)?.[1];
  expect(JSON.parse(body)).toEqual({
    errors: [{ message: expect.stringMatching(/\w.*\.$/), extensions: { code, requestId } }],
  });
  expect(requestId).toMatch(/^[\da-f-]{36}$/);
});
