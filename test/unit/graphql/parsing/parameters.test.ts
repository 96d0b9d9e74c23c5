import { expect, test } from 'vitest';
import { checkParameters } from '../../../../src/graphql/parsing/parameters.ts';

const ID = 'a'.repeat(64);
const TEXT = '{ a }';
const documents = new Map([[ID, TEXT]]);
const PAGES = { documents, isExclusive: false };
const TRUSTED = { documents, isExclusive: true };
const BARE = { operationName: undefined, variables: {} };

test('the id of a document of our own pages stands for its text, beside ordinary queries', () => {
  const variables = { id: '1' };
  expect(checkParameters({ documentId: ID, variables }, PAGES)).toEqual({ ...BARE, query: TEXT, variables });
  expect(checkParameters({ query: '{ b }' }, PAGES)).toEqual({ ...BARE, query: '{ b }' });
});

test.each([
  [{ documentId: 'b'.repeat(64) }, 'The request has no operation.'],
  [{ documentId: '__proto__' }, 'The request has no operation.'],
  [{ documentId: { [ID]: 1 } }, 'The request has no operation.'],
  [{ documentId: ID, query: '{ b }' }, 'Unexpected parameter "documentId"'],
  [{ documentId: ID, query: null }, 'The request has no operation.'],
  [{ extensions: { persistedQuery: { sha256Hash: ID } } }, 'PersistedQueryNotSupported'],
  [{ documentId: ID, variables: 1 }, 'Expected "variables" param to be empty or an object'],
])('%j is refused with and without documents of our own pages', (given, message) => {
  expect(() => checkParameters(given, PAGES)).toThrow(message);
  expect(() => checkParameters(given, undefined)).toThrow(/Unexpected|no operation|PersistedQuery/);
});

test('with trusted documents no query is accepted', () => {
  expect(checkParameters({ documentId: ID }, TRUSTED)).toEqual({ ...BARE, query: TEXT });
  expect(() => checkParameters({ query: TEXT }, TRUSTED)).toThrow('trusted documents only');
});

test('the manifest is not read for requests with a query', () => {
  const unread = {
    isExclusive: false,
    get documents(): never {
      throw new Error('was read');
    },
  };
  expect(checkParameters({ query: TEXT }, unread).query).toBe(TEXT);
});
