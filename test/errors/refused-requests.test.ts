import { readFileSync } from 'node:fs';
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

/** Requests that are refused before a resolver runs. */
const REQUESTS: readonly [code: string, when: string, init: RequestInit, message: RegExp][] = [
  ['BAD_REQUEST', 'the body is not JSON', json(`{"fiscalCode": ${FISCAL_CODE}}`), /not valid JSON/],
  ['BAD_REQUEST', 'the body has no operation', json({}), /query/],
  ['BAD_REQUEST', 'operations are sent as a list', json([]), /Batching/],
  ['GRAPHQL_PARSE_FAILED', 'the operation is not GraphQL', json({ query: '{' }), /Syntax Error/],
  ['GRAPHQL_VALIDATION_FAILED', 'a field does not exist', json({ query: '{ nope }' }), /nope/],
  ['OPERATION_RESOLUTION_FAILURE', 'no operation is selected', json({ query: TWO }), /operation/],
  [
    'REQUEST_ENTITY_TOO_LARGE',
    'the body is over 1 MB',
    json({ query: '{ __typename }', variables: { a: 'x'.repeat(1_000_000) } }),
    /larger than 1,000,000 bytes/,
  ],
  ['BAD_USER_INPUT', 'a variable is missing', json({ query: mutationOf('createDossier') }), /\$input/],
  [
    'BAD_USER_INPUT',
    'a variable has the wrong name, without a quotation of its fiscal code',
    json({
      query: mutationOf('findSigner'),
      variables: { input: { fiscalcode: FISCAL_CODE.toLowerCase() } },
    }),
    /fiscalCode/,
  ],
  ['BAD_USER_INPUT', 'a field has two positions', json(withBoxAndName()), /[Ee]xactly one key/],
  ['BAD_USER_INPUT', 'a field has no position', json(wrongPosition({})), /[Ee]xactly one key/],
  ['BAD_USER_INPUT', 'a field has the position null', json(wrongPosition({ box: null })), /box/],
  ['BAD_USER_INPUT', 'a page is not an integer', json(withBox({ page: 0.5 })), /non-integer/],
  ['BAD_USER_INPUT', 'a width is a string', json(withBox({ width: '10' })), /Float/],
  ['BAD_USER_INPUT', 'an expiry has no offset', json(expiring('2126-06-30T23:59:59')), /RFC 3339/],
  [
    'BAD_USER_INPUT',
    'an expiry is on a day that does not exist',
    json(expiring('2126-02-30T00:00:00Z')),
    /RFC 3339/,
  ],
  ['BAD_USER_INPUT', 'an expiry is a number', json(expiring(1)), /RFC 3339/],
  [
    'BAD_USER_INPUT',
    'an upload is not a file',
    json({
      query: mutationOf('validateDocument'),
      variables: { input: { file: 'JVBERi0xLjc=' } },
    }),
    /file of a multipart request/,
  ],
  [
    'BAD_USER_INPUT',
    'a variable beside a file has the wrong name, without its file name and its internals',
    { method: 'POST', body: misnamedBesideFile() },
    /got invalid value \{ file: a file, field: \[\] \}/,
  ],
  [
    'BAD_USER_INPUT',
    'an upload is null',
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

function misnamedBesideFile(): FormData {
  const body = new FormData();
  const variables = { input: { file: null, field: [] } };
  body.set('operations', JSON.stringify({ query: mutationOf('validateDocument'), variables }));
  body.set('map', '{"0":["variables.input.file"]}');
  body.set('0', new File(['%PDF-1.7'], 'Daniela Spanò.pdf'));
  return body;
}

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

/** Codes that the tests of other files provoke. */
const IN_OTHER_FILES: Readonly<Record<string, readonly string[]>> = {
  'test/errors/internal-error.test.ts': ['INTERNAL_SERVER_ERROR'],
  'test/http/status-codes.test.ts': [
    'ADDRESS_NOT_FOUND',
    'HEADERS_TOO_LARGE',
    'NOT_ACCEPTABLE',
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  'test/http/persisted-queries.test.ts': ['PERSISTED_QUERY_NOT_SUPPORTED'],
  'test/http/requests.test.ts': ['FORBIDDEN_ORIGIN'],
  'test/redis/idempotency.test.ts': ['IDEMPOTENCY_UNAVAILABLE'],
  'test/resilience/overload.test.ts': ['OVERLOADED'],
  'test/resilience/shutdown.test.ts': ['SHUTTING_DOWN'],
  'test/security/citizen.test.ts': ['CALLER_UNAVAILABLE'],
  'test/security/costly-operations.test.ts': ['OPERATION_TOO_COSTLY'],
  'test/security/deep-nesting.test.ts': ['TOO_DEEPLY_NESTED'],
  'test/security/dns-rebinding.test.ts': ['HOST_NOT_ALLOWED'],
  'test/security/fiscal-codes-in-urls.test.ts': ['FISCAL_CODE_IN_URL'],
  'test/security/floods.test.ts': ['TOO_MANY_REQUESTS'],
  'test/security/key-set.test.ts': ['AUTHENTICATION_UNAVAILABLE'],
  'test/security/long-requests.test.ts': ['URI_TOO_LONG'],
  'test/security/roles.test.ts': ['FORBIDDEN', 'UNAUTHENTICATED'],
  'test/security/untrusted-documents.test.ts': [
    'DOCUMENT_ID_MISSING',
    'DOCUMENT_NOT_ALLOWED',
    'DOCUMENT_NOT_TRUSTED',
  ],
  'test/subscriptions/signature-request-changed.test.ts': ['NOT_FOUND'],
  'test/subscriptions/signature-request-changed.limits.test.ts': ['EVENT_STREAM_ONLY', 'TOO_MANY_STREAMS'],
  'test/subscriptions/signature-request-changed.endings.test.ts': ['STREAM_TOO_SLOW'],
};

test('each documented top-level error has a test, and each tested error is documented', () => {
  const elsewhere = Object.entries(IN_OTHER_FILES).flatMap(([file, codes]) =>
    codes.map((code) => [file, code] as const),
  );
  const missing = elsewhere.filter(([file, code]) => !readFileSync(file, 'utf8').includes(code));
  expect(missing).toEqual([]);
  const tested = new Set([
    ...REQUESTS.map(([code]) => code),
    ...FAULTS.map(({ code }) => code),
    'REQUEST_TIMEOUT',
    ...elsewhere.map(([, code]) => code),
  ]);
  const documented = rowsUnder('At the top level').map(([code]) => code);
  expect([...tested].toSorted()).toEqual(documented.toSorted());
});
