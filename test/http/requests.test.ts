import { expect, test } from 'vitest';
import { startGateway } from '../support/start-gateway.ts';

const FISCAL_CODE = 'SPNDNL80R13C555X';
const CREATE = `mutation { createDossier(input: { title: "From elsewhere", documents: [{ title: "Contratto" }] }) { __typename } }`;
const JSON_TYPE = { 'content-type': 'application/json' };

async function send(url: string, init: RequestInit) {
  const response = await fetch(url, { method: 'POST', ...init });
  const text = await response.text();
  expect(text).not.toContain(FISCAL_CODE);
  return { status: response.status, text };
}

const multipart = (): FormData => {
  const form = new FormData();
  form.set('operations', JSON.stringify({ query: CREATE }));
  form.set('map', '{}');
  return form;
};

/** Bodies that browsers send for pages of every origin, and one that they do not. */
const BODIES = {
  form: () => ({ body: new URLSearchParams({ query: CREATE }) }),
  multipart: () => ({ body: multipart() }),
  json: () => ({ body: JSON.stringify({ query: CREATE }), headers: JSON_TYPE }),
  'application/graphql': () => ({ body: CREATE, headers: { 'content-type': 'application/graphql' } }),
};

test.for(Object.entries(BODIES))(
  'a %s body is refused for a page of another origin, and accepted otherwise',
  async ([, bodyOf]) => {
    const { url, sandbox } = await startGateway();
    const as = (headers: Record<string, string>) => {
      const { body, headers: own } = { headers: {}, ...bodyOf() };
      return send(url, { body, headers: { ...own, ...headers } });
    };
    for (const foreign of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      const { status, text } = await as(foreign);
      expect({ status, text }).toEqual({ status: 403, text: expect.stringContaining('FORBIDDEN_ORIGIN') });
    }
    expect(sandbox.journal.entries()).toEqual([]);
    for (const own of [{}, { 'sec-fetch-site': 'same-origin' }, { origin: new URL(url).origin }]) {
      expect((await as(own)).text).toContain('CreateDossierPayload');
    }
  },
);

test.each(['text/plain', 'text/plain; application/json', ''])(
  'a body of the type %j, which a page of every origin may send, is refused for all clients',
  async (type) => {
    const { url, sandbox } = await startGateway();
    const body = new TextEncoder().encode(JSON.stringify({ query: CREATE }));
    const headers = type === '' ? {} : { 'content-type': type };
    expect((await send(url, { body, headers })).status).toBe(415);
    expect(sandbox.journal.entries()).toEqual([]);
  },
);

test('a link on a page of another origin does not run a query', async () => {
  const { url } = await startGateway();
  const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  const { status, text } = await send(`${url}?query={__typename}`, { method: 'GET', headers });
  expect({ status, text }).toEqual({ status: 403, text: expect.stringContaining('FORBIDDEN_ORIGIN') });
});

test('query parameters that are not JSON are refused without a quotation of their value', async () => {
  const { url } = await startGateway();
  const query = new URLSearchParams({ query: '{ __typename }', variables: `{"f": quoted-nowhere}` });
  const { status, text } = await send(`${url}?${query}`, { method: 'GET' });
  expect({ status, text }).toEqual({
    status: 400,
    text: expect.stringContaining('The parameter variables is not valid JSON'),
  });
});

test('an operation that is too long or too deep is refused, and the next one is answered', async () => {
  const { url } = await startGateway();
  const post = (query: string) => send(url, { body: JSON.stringify({ query }), headers: JSON_TYPE });
  for (const [code, query] of [
    ['GRAPHQL_PARSE_FAILED', `{ ${'a: '.repeat(100_000)}`],
    ['TOO_DEEPLY_NESTED', `{ ${'a { '.repeat(100_000)}`],
    [
      'GRAPHQL_PARSE_FAILED',
      `{ ${Array.from({ length: 5_000 }, (_, n) => `a${n}: dossier(id: "1") { id }`).join(' ')} }`,
    ],
  ] as const) {
    expect((await post(query)).text).toContain(code);
  }
  expect((await post('{ __typename }')).text).toBe('{"data":{"__typename":"Query"}}');
});

test('an invalid operation is refused without a quotation of fiscal codes', async () => {
  const { url } = await startGateway();
  for (const query of [
    `mutation { findSigner(input: "${FISCAL_CODE}") { __typename } }`,
    `{ ${FISCAL_CODE} }`,
    `{ dossier(id: "1") { id(as: ${FISCAL_CODE.toLowerCase()}) } }`,
  ]) {
    for (let time = 1; time <= 2; time += 1) {
      const { text } = await send(url, { body: JSON.stringify({ query }), headers: JSON_TYPE });
      expect(text.toUpperCase()).not.toContain(FISCAL_CODE);
      expect(text).toContain('GRAPHQL_VALIDATION_FAILED');
    }
  }
});

test('@defer and @stream do not exist: only subscriptions have several results', async () => {
  const { run } = await startGateway();
  const { data } = await run('{ __schema { directives { name } } }');
  expect(JSON.stringify(data)).not.toMatch(/defer|stream/);
  const deferred = await run('{ ... @defer { dossier(id: "1") { id } } }');
  expect(deferred.errors?.[0]?.extensions['code']).toBe('GRAPHQL_VALIDATION_FAILED');
});
