import { createHash } from 'node:crypto';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { print } from 'graphql';
import { expect, test } from 'vitest';
import { FORMS } from '../support/request-forms.ts';
import { startGateway } from '../support/start-gateway.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const HASH = sha256('{ __typename }');
const NOT_SUPPORTED = {
  errors: [
    {
      message: 'PersistedQueryNotSupported',
      extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED', requestId: expect.any(String) },
    },
  ],
};

/** Automatic persisted queries as Apollo Client sends them, and what it sent. */
function apolloClient(uri: string, useGETForHashedQueries: boolean) {
  const sent: string[] = [];
  const http = new HttpLink({
    uri,
    fetch: async (address, init) => {
      const text = init?.method === 'GET' ? decodeURIComponent(String(address)) : String(init?.body);
      const parts = ['query ', 'mutation ', 'persistedQuery'].filter((part) => text.includes(part));
      sent.push([init?.method, ...parts].join(' ').replaceAll('  ', ' '));
      return fetch(address, init);
    },
  });
  const link = new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(http);
  return { client: new ApolloClient({ cache: new InMemoryCache(), link }), sent };
}

const READ = gql('query Read($id: ID!) { dossier(id: $id) { id } }');
const FIND = gql(`mutation Find($input: FindSignerInput!) { findSigner(input: $input) { __typename } }`);
const OTHER = gql('query Other($id: ID!) { signatureRequest(id: $id) { id } }');
const variables = { id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };

test.each([
  ['POST', false],
  ['GET', true],
] as const)(
  'Apollo Client with automatic persisted queries by %s sends the operation after its hash',
  async (method, useGet) => {
    const { url } = await startGateway();
    const { client, sent } = apolloClient(url, useGet);
    const read = () => client.query({ query: READ, variables, fetchPolicy: 'network-only' });
    expect((await read()).data).toEqual({ dossier: null });
    expect((await read()).data).toEqual({ dossier: null });
    // It has understood that there is no use in hashes here.
    expect(sent).toEqual([`${method} persistedQuery`, 'POST query ', 'POST query ']);
  },
);

test('mutations of Apollo Client with automatic persisted queries are run once', async () => {
  const { url, sandbox } = await startGateway();
  const { client, sent } = apolloClient(url, true);
  const input = { fiscalCode: 'SPNDNL80R13C555X' };
  const { data } = await client.mutate({ mutation: FIND, variables: { input } });
  expect(data).toMatchObject({ findSigner: { __typename: 'FindSignerPayload' } });
  expect(sent).toEqual(['POST persistedQuery', 'POST mutation ']);
  expect(sandbox.journal.entries()).toHaveLength(1);
});

test.each([
  ['a hash', { version: 1, sha256Hash: HASH }],
  ['a hash that is none', { version: 1, sha256Hash: 'x' }],
  ['a hash of another version', { version: 2, sha256Hash: HASH }],
  ['no hash', {}],
  ['a text', HASH],
  ['a list', [HASH]],
  ['a number as its hash', { version: 1, sha256Hash: 1 }],
])(
  'a persisted query of %s without an operation is answered as by Apollo Server',
  async (_, persistedQuery) => {
    const { url } = await startGateway();
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const headers = { 'content-type': 'application/json', accept };
      const body = JSON.stringify({ extensions: { persistedQuery } });
      const response = await fetch(url, { method: 'POST', headers, body });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain(accept);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.json()).toEqual(NOT_SUPPORTED);
    }
    for (const [form, send] of Object.entries(FORMS)) {
      const text = await (await send(url, { extensions: { persistedQuery } })).text();
      expect(text, form).toContain('"code":"PERSISTED_QUERY_NOT_SUPPORTED"');
      const withQuery = await (
        await send(url, { query: '{ __typename }', extensions: { persistedQuery } })
      ).text();
      expect(withQuery, form).toContain('{"data":{"__typename":"Query"}}');
    }
  },
);

test.each([[{}], [{ persistedQuery: null }], [{ persistedQuery: false }], [{ other: { version: 1 } }]])(
  'extensions %j name no persisted query',
  async (extensions) => {
    const { url } = await startGateway();
    const text = await (await FORMS['a JSON body']?.(url, { extensions }))?.text();
    expect(text).toContain('"code":"BAD_REQUEST"');
  },
);

test.each([
  ['POST', false],
  ['GET', true],
] as const)('with trusted documents, Apollo Client runs one by its hash, by %s', async (method, useGet) => {
  // With `__typename`, as the cache asks for it.
  const document = print(new InMemoryCache().transformDocument(READ));
  const trustedDocuments = new Map([[sha256(document), document]]);
  const { url } = await startGateway({ protections: { trustedDocuments } });
  const { client, sent } = apolloClient(url, useGet);
  expect((await client.query({ query: READ, variables })).data).toEqual({ dossier: null });
  const untrusted = client.query({ query: OTHER, variables });
  await expect(untrusted).rejects.toMatchObject({
    errors: [{ extensions: { code: 'DOCUMENT_NOT_TRUSTED' } }],
  });
  expect(sent).toEqual([`${method} persistedQuery`, `${method} persistedQuery`]);
});
