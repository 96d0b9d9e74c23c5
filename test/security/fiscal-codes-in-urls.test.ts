import { expect, test } from 'vitest';
import { getNamedType, isInputObjectType } from 'graphql';
import type { GraphQLInputType } from 'graphql';
import { schema } from '../../src/schema/index.ts';
import { startGateway } from '../support/start-gateway.ts';

const FISCAL_CODE = 'SPNDNL80R13C555X';
const FIND = 'mutation ($input: FindSignerInput!) { findSigner(input: $input) { __typename } }';

async function get(url: string, parameters: Record<string, string> | string, init: RequestInit = {}) {
  const query = typeof parameters === 'string' ? parameters : new URLSearchParams(parameters);
  const response = await fetch(`${url}?${query}`, { headers: { accept: 'application/json' }, ...init });
  const text = await response.text();
  expect(text.toLowerCase()).not.toContain(FISCAL_CODE.toLowerCase());
  return { status: response.status, text, allow: response.headers.get('allow') };
}

test('a mutation is not executed by GET', async () => {
  const { url, sandbox } = await startGateway();
  const variables = '{"input":{"title":"From a link","documents":[{"title":"Contratto"}]}}';
  const create = 'mutation C($input: CreateDossierInput!) { createDossier(input: $input) { __typename } }';
  for (const parameters of [
    { query: create, variables },
    { query: `query Q { __typename } ${create}`, operationName: 'C', variables },
  ]) {
    expect(await get(url, parameters)).toMatchObject({ status: 405, allow: 'POST' });
  }
  expect(sandbox.journal.entries()).toEqual([]);
});

/** Ways in which a URL can contain a fiscal code. */
const ADDRESSES: readonly [how: string, parameters: Record<string, string> | string][] = [
  ['as a variable', { query: FIND, variables: JSON.stringify({ input: { fiscalCode: FISCAL_CODE } }) }],
  [
    'inside the document',
    { query: `mutation { findSigner(input: { fiscalCode: "${FISCAL_CODE}" }) { __typename } }` },
  ],
  ['in lower case', { query: '{ __typename }', variables: JSON.stringify({ x: FISCAL_CODE.toLowerCase() }) }],
  ['as the id of a query', { query: `{ dossier(id: "${FISCAL_CODE}") { id } }` }],
  [
    'with every letter percent-encoded',
    `query={__typename}&x=${[...FISCAL_CODE].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')}`,
  ],
  [
    'with the escapes of JSON',
    { query: '{ __typename }', variables: `{"x":"\\u0053${FISCAL_CODE.slice(1)}"}` },
  ],
  ['beside the parameters', `query={__typename}&cf=${FISCAL_CODE}`],
];

test.each(ADDRESSES)('a URL with a fiscal code %s is refused', async (_, parameters) => {
  const { url, sandbox } = await startGateway();
  expect(await get(url, parameters)).toMatchObject({
    status: 400,
    text: expect.stringContaining('FISCAL_CODE_IN_URL'),
  });
  const body = '{"query":"{ __typename }"}';
  const headers = { 'content-type': 'application/json' };
  expect(await get(url, parameters, { method: 'POST', body, headers })).toMatchObject({ status: 400 });
  expect(sandbox.journal.entries()).toEqual([]);
});

test('a document URL with a fiscal code is refused with a problem document', async () => {
  const { url, sandbox } = await startGateway();
  const response = await fetch(new URL(`/documents/r/${FISCAL_CODE}.pdf`, url));
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(await response.json()).toEqual({
    status: 400,
    title: 'Bad Request',
    detail: expect.stringContaining('contains a fiscal code'),
    code: 'FISCAL_CODE_IN_URL',
    requestId: expect.any(String),
  });
  expect(sandbox.journal.entries()).toEqual([]);
});

test('ids are not mistaken for fiscal codes', async () => {
  const { url } = await startGateway();
  for (const id of ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '8c2f1a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b'])
    expect(await get(url, { query: `{ dossier(id: "${id}") { id } }` })).toMatchObject({
      status: 200,
      text: '{"data":{"dossier":null}}',
    });
});

test('no query has a fiscal code as an argument, so no URL needs one', () => {
  const takesFiscalCode = (type: GraphQLInputType): boolean => {
    const named = getNamedType(type);
    if (!isInputObjectType(named)) return named.name === 'FiscalCode';
    return Object.values(named.getFields()).some((field) => takesFiscalCode(field.type));
  };
  const using = (fields: ReturnType<NonNullable<ReturnType<typeof schema.getQueryType>>['getFields']> = {}) =>
    Object.values(fields).filter(({ args }) => args.some(({ type }) => takesFiscalCode(type)));
  expect(using(schema.getQueryType()?.getFields())).toEqual([]);
  expect(using(schema.getMutationType()?.getFields()).map(({ name }) => name)).toEqual([
    'findSigner',
    'requestSignature',
  ]);
});
