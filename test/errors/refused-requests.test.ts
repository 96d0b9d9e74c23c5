import { expect, test } from 'vitest';
import { rowsUnder } from '../support/errors-page.ts';
import { multipartBody, PoliteClient } from '../support/multipart.ts';
import { mutationOf } from '../support/operations.ts';
import { expectNoSecrets, startFailingGateway } from '../support/service-proxy.ts';
import { FIELDS, FISCAL_CODE, SIGNER_ID, AT, answers } from './support-errors.ts';
import { FAULTS } from './support-upstream-failures.ts';

const TWO = 'query A { __typename } query B { __typename }';
const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const wrongPosition = (position: object) => ({
  query: mutationOf('createDossier'),
  variables: {
    input: { title: 'x', documents: [{ title: 'Contratto', fields: [{ ...FIELDS[0], position }] }] },
  },
});
const withBox = (box: object) => wrongPosition({ box: { ...FIELDS[0]?.position.box, ...box } });
const expiring = (expiresAt: unknown) => ({
  query: mutationOf('createSignatureRequest'),
  variables: { input: { dossierId: 'd1', signerId: SIGNER_ID, expiresAt } },
});

/** Refused before any resolver runs. */
const REQUESTS: readonly [code: string, when: string, init: RequestInit, message: RegExp][] = [
  ['BAD_REQUEST', 'the body is no JSON', json(`{"fiscalCode": ${FISCAL_CODE}}`), /not valid JSON/],
  ['BAD_REQUEST', 'the body has no operation', json({}), /query/],
  ['BAD_REQUEST', 'operations are sent as a list', json([]), /Batching/],
  ['GRAPHQL_PARSE_FAILED', 'the operation is no GraphQL', json({ query: '{' }), /Syntax Error/],
  ['GRAPHQL_VALIDATION_FAILED', 'a field does not exist', json({ query: '{ nope }' }), /nope/],
  ['OPERATION_RESOLUTION_FAILURE', 'it is not said which operation', json({ query: TWO }), /operation/],
  [
    'REQUEST_ENTITY_TOO_LARGE',
    'the body is over 1 MB',
    json({ query: '{ __typename }', variables: { a: 'x'.repeat(1_000_000) } }),
    /larger than 1,000,000 bytes/,
  ],
  ['BAD_USER_INPUT', 'a variable is missing', json({ query: mutationOf('createDossier') }), /\$input/],
  [
    'BAD_USER_INPUT',
    'a variable has the wrong name, and its fiscal code is not repeated',
    json({
      query: mutationOf('findSigner'),
      variables: { input: { fiscalcode: FISCAL_CODE.toLowerCase() } },
    }),
    /fiscalCode/,
  ],
  ['BAD_USER_INPUT', 'a field is placed twice', json(withBoxAndName()), /[Ee]xactly one key/],
  ['BAD_USER_INPUT', 'a field is placed nowhere', json(wrongPosition({})), /[Ee]xactly one key/],
  ['BAD_USER_INPUT', 'a field is placed by null', json(wrongPosition({ box: null })), /box/],
  ['BAD_USER_INPUT', 'a page is half', json(withBox({ page: 0.5 })), /non-integer/],
  ['BAD_USER_INPUT', 'a width is a text', json(withBox({ width: '10' })), /Float/],
  ['BAD_USER_INPUT', 'an expiry has no offset', json(expiring('2126-06-30T23:59:59')), /RFC 3339/],
  ['BAD_USER_INPUT', 'an expiry is on no day', json(expiring('2126-02-30T00:00:00Z')), /RFC 3339/],
  ['BAD_USER_INPUT', 'an expiry is a number', json(expiring(1)), /RFC 3339/],
  [
    'BAD_USER_INPUT',
    'an upload is no file',
    json({
      query: mutationOf('validateDocument'),
      variables: { input: { file: 'JVBERi0xLjc=' } },
    }),
    /file of a multipart request/,
  ],
  [
    'BAD_USER_INPUT',
    'an upload has no file',
    json({ query: mutationOf('validateDocument'), variables: { input: { file: null } } }),
    /Upload/,
  ],
  [
    'BAD_USER_INPUT',
    'a required argument is null at run time',
    json({
      query: 'query ($f: Int = 1) { dossier(id: "bare") { signatureRequests(first: $f) { nodes { id } } } }',
      variables: { f: null },
    }),
    /first/,
  ],
];

function withBoxAndName() {
  return wrongPosition({ uniqueName: 'Signature1', box: FIELDS[0]?.position.box });
}

test.each(REQUESTS)('%s when %s', async (code, _, init, message) => {
  const world = await startFailingGateway();
  world.fail(
    'getDossier',
    answers({ id: 'd1', title: 'x', documents_metadata: [], created_at: AT, updated_at: AT }),
  );
  const text = expectNoSecrets(await (await fetch(world.url, init)).text());
  expect(JSON.parse(text)).toMatchObject({
    errors: expect.arrayContaining([
      expect.objectContaining({
        message: expect.stringMatching(message),
        extensions: { code, requestId: expect.any(String) },
      }),
    ]),
  });
  expect(world.calls.filter(({ operation }) => operation !== 'getDossier')).toEqual([]);
  expect(world.logs.lines()).toEqual([]);
});

test('REQUEST_TIMEOUT when the request stalls before its files', async () => {
  const world = await startFailingGateway({ uploadStallMs: 100 });
  using client = new PoliteClient(Number(new URL(world.url).port));
  const body = multipartBody([['operations', '{"query":"{ __typename }"}']], []);
  await client.begin(body, body.length - 40);
  expect(await client.answer()).toMatchObject({
    status: 408,
    body: { errors: [{ extensions: { code: 'REQUEST_TIMEOUT' } }] },
  });
});

test('every top-level error of docs/reference/errors.md is provoked in a test, and nothing else is', () => {
  const provoked = new Set([
    ...REQUESTS.map(([code]) => code),
    ...FAULTS.map(({ code }) => code),
    'REQUEST_TIMEOUT', // these two have tests of their own
    'INTERNAL_SERVER_ERROR',
    'FORBIDDEN_ORIGIN', // in requests.test.ts
    'PERSISTED_QUERY_NOT_SUPPORTED', // in persisted-queries.test.ts
    // in http-edges.test.ts
    'ADDRESS_NOT_FOUND',
    'NOT_ACCEPTABLE',
    'UNSUPPORTED_MEDIA_TYPE',
    'HEADERS_TOO_LARGE',
    // in test/attacks
    'OPERATION_TOO_COSTLY',
    'TOO_DEEPLY_NESTED',
    'DOCUMENT_NOT_ALLOWED',
    'DOCUMENT_ID_MISSING',
    'DOCUMENT_NOT_TRUSTED',
    'HOST_NOT_ALLOWED',
    'FISCAL_CODE_IN_URL',
    'URI_TOO_LONG',
    'TOO_MANY_REQUESTS',
    // in test/subscriptions
    'NOT_FOUND',
    'EVENT_STREAM_ONLY',
    'TOO_MANY_STREAMS',
    'STREAM_TOO_SLOW',
    'OVERLOADED', // in overload.test.ts
    'SHUTTING_DOWN', // in shutdown.test.ts
    // in test/auth
    'UNAUTHENTICATED',
    'FORBIDDEN',
    'CALLER_UNAVAILABLE',
    'AUTHENTICATION_UNAVAILABLE',
    'IDEMPOTENCY_UNAVAILABLE', // in test/redis
  ]);
  const documented = rowsUnder('At the top level').map(([code]) => code);
  expect([...provoked].toSorted()).toEqual(documented.toSorted());
});
