import { createHash } from 'node:crypto';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { print } from 'graphql';
import { expect, test } from 'vitest';
import { startGateway } from '../support/start-gateway.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Apollo Client with automatic persisted queries, and a record of its requests. */
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
    // Apollo Client has disabled hashes after the first answer.
    expect(sent).toEqual([`${method} persistedQuery`, 'POST query ', 'POST query ']);
  },
);

test('mutations of Apollo Client with automatic persisted queries are executed once', async () => {
  const { url, sandbox } = await startGateway();
  const { client, sent } = apolloClient(url, true);
  const input = { fiscalCode: 'SPNDNL80R13C555X' };
  const { data } = await client.mutate({ mutation: FIND, variables: { input } });
  expect(data).toMatchObject({ findSigner: { __typename: 'FindSignerPayload' } });
  expect(sent).toEqual(['POST persistedQuery', 'POST mutation ']);
  expect(sandbox.journal.entries()).toHaveLength(1);
});

test.each([
  ['POST', false],
  ['GET', true],
] as const)(
  'with trusted documents, Apollo Client executes a document by its hash, by %s',
  async (method, useGet) => {
    // With `__typename`, which the cache adds.
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
  },
);
