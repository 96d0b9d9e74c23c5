import { expect, test } from 'vitest';
import { startGateway } from '../support/start-gateway.ts';

const CREATE = 'mutation ($input: CreateDossierInput!) { createDossier(input: $input) { __typename } }';
const REQUEST =
  'mutation ($input: CreateSignatureRequestInput!) { createSignatureRequest(input: $input) { __typename } }';
const READ = 'query ($id: ID!) { dossier(id: $id) { id } }';
const PAGE =
  'query ($first: Int!) { dossier(id: "x") { signatureRequests(first: $first) { nodes { id } } } }';
const CODE =
  'query ($format: QrCodeFormat!) { signatureRequest(id: "x") { qrCode { image(format: $format) } } }';
const UPLOAD = 'mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename } }';
const WATCH = 'subscription ($id: ID!) { signatureRequestChanged(id: $id) { id } }';
const TWO = 'query A { __typename } query B { __typename }';

/** Errors of a GraphQL request, found before its execution. */
const REQUEST_ERRORS: readonly [name: string, code: string, sent: object][] = [
  ['a missing variable', 'BAD_USER_INPUT', { query: READ }],
  ['a variable that is null', 'BAD_USER_INPUT', { query: READ, variables: { id: null } }],
  ['an object as an id', 'BAD_USER_INPUT', { query: READ, variables: { id: {} } }],
  ['a list as an id', 'BAD_USER_INPUT', { query: READ, variables: { id: ['x'] } }],
  ['a number that is too large', 'BAD_USER_INPUT', { query: PAGE, variables: { first: 2 ** 31 } }],
  ['a number that is not whole', 'BAD_USER_INPUT', { query: PAGE, variables: { first: 1.5 } }],
  ['a string as a number', 'BAD_USER_INPUT', { query: PAGE, variables: { first: '25' } }],
  ['an unknown value of an enum', 'BAD_USER_INPUT', { query: CODE, variables: { format: 'GIF' } }],
  ['a number as a value of an enum', 'BAD_USER_INPUT', { query: CODE, variables: { format: 1 } }],
  ['an input that is a string', 'BAD_USER_INPUT', { query: CREATE, variables: { input: 'x' } }],
  ['an input without its fields', 'BAD_USER_INPUT', { query: CREATE, variables: { input: {} } }],
  [
    'an input with an unknown field',
    'BAD_USER_INPUT',
    { query: CREATE, variables: { input: { title: 'Contratti', documents: [], name: 'x' } } },
  ],
  [
    'an invalid date',
    'BAD_USER_INPUT',
    { query: REQUEST, variables: { input: { dossierId: 'x', signerId: 'x', expiresAt: 'tomorrow' } } },
  ],
  [
    'a file that was not sent',
    'BAD_USER_INPUT',
    { query: UPLOAD, variables: { input: { signatureRequestId: 'x', documentId: 'x', file: 'x' } } },
  ],
  [
    'more mistakes than are reported',
    'BAD_USER_INPUT',
    { query: CREATE, variables: { input: { title: 'Contratti', documents: Array(100).fill({}) } } },
  ],
  [
    'an operation name that does not exist',
    'OPERATION_RESOLUTION_FAILURE',
    { query: TWO, operationName: 'C' },
  ],
  ['several operations and no name', 'OPERATION_RESOLUTION_FAILURE', { query: TWO }],
  ['no operation', 'OPERATION_RESOLUTION_FAILURE', { query: 'fragment F on Query { __typename }' }],
  ['no GraphQL', 'GRAPHQL_PARSE_FAILED', { query: '{' }],
  ['an unknown field', 'GRAPHQL_VALIDATION_FAILED', { query: '{ nothing }' }],
  ['an unknown value in the operation', 'GRAPHQL_VALIDATION_FAILED', { query: '{ dossier(id: {}) { id } }' }],
  [
    'an operation that is too large',
    'OPERATION_TOO_COSTLY',
    { query: `{ ${Array.from({ length: 301 }, (_, n) => `a${n}: __typename`).join(' ')} }` },
  ],
  ['an operation that is too deep', 'TOO_DEEPLY_NESTED', { query: '{a'.repeat(101) }],
];

/** Bodies that are not GraphQL requests. */
const NOT_GRAPHQL: readonly [name: string, body: string][] = [
  ['no JSON', '{'],
  ['no object', '"x"'],
  ['a batch', '[{"query":"{ __typename }"}]'],
  ['no operation', '{}'],
  ['an operation that is not a string', '{"query":1}'],
  ['variables that are not an object', '{"query":"{ __typename }","variables":"x"}'],
  ['variables that are a list', '{"query":"{ __typename }","variables":[]}'],
  ['extensions that are not an object', '{"query":"{ __typename }","extensions":1}'],
  ['an operation name that is not a string', '{"query":"{ __typename }","operationName":1}'],
  ['an operation name that is an object', '{"query":"{ __typename }","operationName":{}}'],
  ['an unknown parameter', '{"query":"{ __typename }","id":1}'],
];

const MODERN = 'application/graphql-response+json';
const LEGACY = 'application/json';

async function answerTo(send: (headers: Record<string, string>) => Promise<Response>, accept: string) {
  const response = await send({ accept });
  const type = response.headers.get('content-type')?.split(';')[0];
  const body: { errors?: { extensions: { code: string } }[] } = JSON.parse(await response.text());
  const codes = new Set(body.errors?.map(({ extensions }) => extensions.code));
  return { status: response.status, type, members: Object.keys(body), codes: [...codes] };
}

const post = (url: string, body: string) => (headers: Record<string, string>) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

const get = (url: string, sent: object) => (headers: Record<string, string>) =>
  fetch(`${url}?${new URLSearchParams(Object.entries(sent).map(([name, value]) => [name, textOf(value)]))}`, {
    headers,
  });
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

test.each(REQUEST_ERRORS)(
  '%s is a request error: 400, or 200 for clients that accept application/json',
  async (_, code, sent) => {
    const { url, sandbox } = await startGateway();
    const isQuery = !JSON.stringify(sent).includes('mutation');
    const ways = [post(url, JSON.stringify(sent)), ...(isQuery ? [get(url, sent)] : [])];
    for (const way of ways) {
      const refusal = { members: ['errors'], codes: [code] };
      expect(await answerTo(way, MODERN)).toEqual({ status: 400, type: MODERN, ...refusal });
      expect(await answerTo(way, LEGACY)).toEqual({ status: 200, type: LEGACY, ...refusal });
      expect(await answerTo(way, '*/*')).toMatchObject({ codes: [code] });
    }
    expect(sandbox.journal.entries()).toEqual([]);
  },
);

test.each(NOT_GRAPHQL)('%s is not a GraphQL request: 400 for all clients', async (_, body) => {
  const { url } = await startGateway();
  for (const accept of [MODERN, LEGACY])
    expect(await answerTo(post(url, body), accept)).toMatchObject({ status: 400, codes: ['BAD_REQUEST'] });
});

test('an error during execution has the status 200', async () => {
  const { url, sandbox } = await startGateway();
  const { dossiers } = await sandbox.seed({
    dossiers: [{ title: 'Contratti', documents_metadata: [{ title: 'Contratto' }] }],
  });
  const query = `{ dossier(id: "${dossiers[0]}") { id signatureRequests(first: 0) { nodes { id } } } }`;
  for (const accept of [MODERN, LEGACY])
    expect(await answerTo(post(url, JSON.stringify({ query })), accept)).toEqual({
      status: 200,
      type: accept,
      members: ['errors', 'data'],
      codes: ['BAD_USER_INPUT'],
    });
});

test('a subscription with an invalid variable is refused like a query', async () => {
  const { url } = await startGateway();
  const way = post(url, JSON.stringify({ query: WATCH, variables: { id: {} } }));
  const response = await way({ accept: 'text/event-stream' });
  expect(response.status).toBe(200);
  expect(await response.text()).toMatch(/^event: next\ndata: \{"errors":.*"code":"BAD_USER_INPUT"/m);
});
