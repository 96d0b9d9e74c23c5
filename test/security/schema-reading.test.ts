import { getIntrospectionQuery } from 'graphql';
import { expect, test } from 'vitest';
import { startGateway } from '../support/start-gateway.ts';

/** The default of a production gateway. */
const protections = { graphiql: false, introspection: false, suggestions: false };

test.each([
  ['the whole schema', getIntrospectionQuery()],
  ['one type', '{ __type(name: "Dossier") { fields { name } } }'],
  ['the schema under another name', 'query Q { a: __schema { types { name } } }'],
  ['the schema from inside a fragment', '{ ...F } fragment F on Query { __schema { queryType { name } } }'],
])('with introspection off %s is refused', async (_, query) => {
  const { run } = await startGateway({ protections });
  const { data, errors } = await run(query);
  expect(data).toBeUndefined();
  expect(errors?.[0]?.extensions).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED' });
});

test('with introspection off __typename is still allowed', async () => {
  const { run } = await startGateway({ protections });
  expect(await run('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
});

/** Misspelt names, and the name that graphql-js would suggest. */
const GUESSES: readonly [place: string, query: string, name: string, variables?: object][] = [
  ['a field', '{ dosier(id: "1") { id } }', 'dossier'],
  ['an argument', '{ dossier(idd: "1") { id } }', '"id"'],
  ['a type', '{ dossier(id: "1") { ... on Dosier { id } } }', '"Dossier"'],
  [
    'a field of an input',
    'mutation { findSigner(input: { fiscalcode: "x" }) { __typename } }',
    'fiscalCode"?',
  ],
  ['an enum value', '{ signatureRequest(id: "1") { qrCode { image(format: SVGG) } } }', '"SVG"'],
  [
    'a field of an input that is a variable',
    'mutation ($input: CreateDossierInput!) { createDossier(input: $input) { __typename } }',
    '"supportEmail"?',
    { input: { title: 'x', documents: [], supportemail: 'a@b.c' } },
  ],
];

test.each(GUESSES)('a guess at %s gets no suggestion', async (_, query, name, variables) => {
  const open = await startGateway();
  expect(JSON.stringify((await open.run(query, variables)).errors).replaceAll('\\', '')).toContain(name);
  const closed = await startGateway({ protections });
  const { errors } = await closed.run(query, variables);
  const messages = errors?.map(({ message }) => message).join('\n') ?? '';
  expect(messages).not.toBe('');
  expect(messages).not.toMatch(/did you mean/i);
});

test.each(['text/event-stream', 'multipart/mixed', 'application/graphql-response+json'])(
  'a guess gets no suggestion in a response of type %s either',
  async (accept) => {
    const { url } = await startGateway({ protections });
    for (const [, query, , variables] of [
      ...GUESSES,
      ['a subscription', 'subscription { signatureRequestChange(id: "1") { id } }', ''] as const,
      [
        'a variable of a subscription',
        'subscription ($id: ID!) { signatureRequestChanged(id: $id) { iid } }',
        '',
        { id: [] },
      ] as const,
    ]) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: JSON.stringify({ query, variables }),
      });
      const text = await response.text();
      expect(text).toContain('"errors"');
      expect(text).not.toMatch(/did you mean/i);
    }
  },
);

test('with GraphiQL off a browser gets no page', async () => {
  const { url } = await startGateway({ protections });
  const response = await fetch(url, { headers: { accept: 'text/html' } });
  expect(response.headers.get('content-type') ?? '').not.toContain('text/html');
  expect(await response.text()).not.toContain('<script');
});
