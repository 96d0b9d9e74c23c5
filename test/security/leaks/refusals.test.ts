import { beforeAll, describe, expect, test } from 'vitest';
import type { GatewayOverrides } from '../../support/gateway-options.ts';
import { keysText, temporaryFile } from '../../support/api-keys.ts';
import { mutationOf } from '../../support/operations.ts';
import { exchange } from '../../support/raw-http.ts';
import { startFailingGateway } from '../../support/service-proxy.ts';
import { inSeconds, jwtOptions, startTokenIssuer } from '../../support/token-issuer.ts';
import {
  CALLERS,
  CALLER_KEY,
  CODE,
  expectNoLeaks,
  ISSUER_KEY,
  keepRecord,
  OTHER_CODE,
  SAS,
  sendPlanted,
} from './planted.ts';

/*
 * Requests that are refused for every reason, with secrets in the refused part: most libraries quote what they cannot parse.
 */

async function startWorld(overrides: GatewayOverrides = {}, logger: 'scrubbing' | 'plain' = 'scrubbing') {
  const record = keepRecord(logger);
  const world = await startFailingGateway({ apiKey: ISSUER_KEY, logger: record.logger, ...overrides });
  return { ...world, record };
}

/** The key without quotes: a quote would end a GraphQL string. */
const KEY = ISSUER_KEY;
/** The prefix of a GraphQL name, which permits few characters. */
const TOKEN = `eyJhbGciOiJFUzI1NiJ9.${Buffer.from(JSON.stringify({ sub: CODE })).toString('base64url')}.c2lnbmF0dXJl`;

/** Documents with a mistake at the position of a secret. */
const DOCUMENTS: Readonly<Record<string, string>> = {
  'a name in place of a bracket': `{ dossier(id: "1") ${CODE} ]`,
  'a string in place of a field': `{ "${CALLERS}" }`,
  'an unterminated string': `{ dossier(id: "${CALLERS}`,
  'an invalid character': `{ dossier(id: '${KEY} ${CODE}') { id } }`,
  'an unknown type of operation': `find${CODE} { __typename }`,
  'an invalid number': `{ dossier(id: 0${CODE}) { id } }`,
  'a field': `{ find${CODE} }`,
  'a field of a type': `{ dossier(id: "1") { ${CODE.toLowerCase()} } }`,
  'an argument': `{ dossier(id: "1", ${CODE}: 1) { id } }`,
  'a type': `query ($a: ${CODE}) { dossier(id: $a) { id } }`,
  'a type of a fragment': `{ ... on ${CODE} { id } }`,
  'an unknown fragment': `{ ...${CODE} }`,
  'an unused fragment': `fragment ${OTHER_CODE} on Query { __typename } { __typename }`,
  'a fragment that contains itself': `{ ...${CODE} } fragment ${CODE} on Query { ...${CODE} }`,
  'a directive': `{ dossier(id: "1") @${CODE} { id } }`,
  'an unknown variable': `{ dossier(id: $${CODE}) { id } }`,
  'an unused variable': `query ($${CODE}: Int) { __typename }`,
  'a variable twice': `query ($${CODE}: ID, $${CODE}: ID) { dossier(id: $${CODE}) { id } }`,
  'a variable of another type': `query ($${CODE}: Boolean) { dossier(id: $${CODE}) { id } }`,
  'two operations of one name': `query ${CODE} { __typename } query ${CODE} { __typename }`,
  'a string for a number': `{ dossier(id: "1") { signatureRequests(first: "${CALLERS}") { nodes { id } } } }`,
  'an object for a string': `{ dossier(id: { ${CODE}: "${CALLERS}" }) { id } }`,
  'a value of an enum': `mutation { createDossier(input: { title: "x", documents: [{ title: "abc", fields: [{ clause: { title: "abcdef", type: ${CODE} }, position: { uniqueName: "x" } }] }] }) { __typename } }`,
  'a member of an input': `mutation { findSigner(input: { ${CODE}: "${CALLERS}" }) { __typename } }`,
  'a fiscal code in the document': `mutation { findSigner(input: { fiscalCode: "${CODE.toLowerCase()} ${KEY}" }) { ... on Error { code message } } }`,
  'an alias for two fields': `{ ${CODE}: dossier(id: "1") { id } ${CODE}: dossier(id: "2") { id } }`,
  'an object field without a selection': `{ ${CODE}: dossier(id: "${CALLERS}") }`,
  'a subscription with two root fields': `subscription ${CODE} { signatureRequestChanged(id: "${CALLERS}") { id } __typename }`,
  'a mutation by GET': `mutation ${CODE} { __typename }`,
};

test.each(Object.entries(DOCUMENTS))('%s', async (what, query) => {
  const { url, record } = await startWorld();
  for (const accept of [
    'application/json',
    'application/graphql-response+json',
    'text/event-stream',
    `x/${CODE}`,
  ]) {
    const body = JSON.stringify({ query, operationName: null });
    const init = { method: 'POST', headers: { 'content-type': 'application/json', accept }, body };
    await sendPlanted(record, what, url, init);
  }
  await sendPlanted(record, what, `${url}?query=${encodeURIComponent(query)}`);
  expectNoLeaks(record);
});

const ONE = 'query ($id: ID!) { dossier(id: $id) { id } }';
const wrongInput = (name: string, input: unknown) => ({ query: mutationOf(name), variables: { input } });
const field = (position: unknown, clause: unknown = { title: CALLERS, type: 'REQUIRED' }) =>
  wrongInput('createDossier', { title: 'x', documents: [{ title: 'abc', fields: [{ clause, position }] }] });

/** Bodies with wrong values. */
const BODIES: Readonly<Record<string, unknown>> = {
  'an unknown operation name': { query: ONE, operationName: CODE },
  'an invalid operation name': { query: ONE, operationName: { [CODE]: CALLERS } },
  'an invalid id': { query: ONE, variables: { id: { [CODE]: CALLERS } } },
  'an id that is a path': { query: ONE, variables: { id: `../${CODE}?${SAS}` } },
  'variables that are a string': { query: ONE, variables: CALLERS },
  'extensions that are a string': { query: ONE, extensions: CALLERS },
  'no document': { [CODE]: CALLERS },
  'an invalid document': { query: { [CODE]: CALLERS } },
  'a document by its hash': { extensions: { persistedQuery: { version: 1, sha256Hash: CALLERS } } },
  'a list of operations': [{ query: ONE, variables: { id: CALLERS } }],
  'an input with an unknown member': wrongInput('findSigner', { fiscalCode: CODE, [OTHER_CODE]: CALLERS }),
  'an invalid fiscal code': wrongInput('findSigner', { fiscalCode: `${CODE} ` }),
  'a fiscal code that is an object': wrongInput('findSigner', { fiscalCode: { [CODE]: CALLERS } }),
  'an input that is a string': wrongInput('findSigner', CALLERS),
  'a title that is too long': wrongInput('createDossier', {
    title: CALLERS,
    supportEmail: `${CODE}@@${KEY}`,
    documents: [{ title: CALLERS.repeat(3) }, { title: '' }],
  }),
  'no documents': wrongInput('createDossier', { title: CALLERS, documents: [] }),
  'a value of an enum': field({ uniqueName: 'x' }, { title: 'abcdef', type: CALLERS }),
  'a position': field({ [CODE]: CALLERS }),
  'a number of a position': field({ box: { page: CALLERS, x: CODE, y: 1, width: 1, height: 1 } }),
  'a moment': wrongInput('createSignatureRequest', { dossierId: '1', signerId: '1', expiresAt: CALLERS }),
  'a dossier that does not exist': wrongInput('createSignatureRequest', {
    dossierId: CALLERS,
    signerId: CODE,
  }),
  'a file that is not an upload': wrongInput('uploadDocument', {
    signatureRequestId: CALLERS,
    documentId: CODE,
    file: CALLERS,
  }),
  'a request that does not exist': wrongInput('markReady', { signatureRequestId: CALLERS }),
  'an idempotency key': wrongInput('createDossier', {
    title: 'x',
    documents: [],
    idempotencyKey: `${CALLERS}\u0000`,
  }),
  'a cursor': {
    query: 'query ($a: String) { dossier(id: "1") { signatureRequests(after: $a) { nodes { id } } } }',
    variables: { a: Buffer.from(CALLERS).toString('hex').slice(0, 20) + CALLERS },
  },
};

test.each(Object.entries(BODIES))('%s', async (what, body) => {
  const { url, record } = await startWorld();
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  await sendPlanted(record, what, url, init);
  expectNoLeaks(record);
});

const BOUNDARY = 'a-boundary';
const part = (disposition: string, content: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;
const UPLOAD = JSON.stringify({
  query: mutationOf('validateDocument'),
  variables: { input: { file: null } },
});
const MAP = JSON.stringify({ 0: ['variables.input.file'] });
const multipart = (...parts: readonly string[]): string => `${parts.join('')}--${BOUNDARY}--\r\n`;

/** Requests that are not GraphQL requests. */
const REQUESTS: Readonly<Record<string, readonly [type: string, body: string]>> = {
  'invalid JSON': ['application/json', `{"fiscalCode": ${CODE}, "key": ${KEY}}`],
  'JSON that is a string': ['application/json', JSON.stringify(CALLERS)],
  'truncated JSON': ['application/json', `{"query":"${CALLERS}`],
  'a body that is too large': ['application/json', JSON.stringify({ query: CALLERS.repeat(8_000) })],
  'an unknown media type': [`application/${CODE}`, CALLERS],
  'a form': [
    'application/x-www-form-urlencoded',
    `query=${encodeURIComponent(`{ ${CODE} }`)}&${CODE}=${encodeURIComponent(CALLERS)}`,
  ],
  'application/graphql': ['application/graphql', `{ ${CODE} }`],
  'a truncated multipart body': [
    `multipart/form-data; boundary=${BOUNDARY}`,
    part('name="operations"', CALLERS),
  ],
  'a multipart body without a boundary': [`multipart/form-data; ${CODE}=1`, CALLERS],
  'operations that are not JSON': [
    `multipart/form-data; boundary=${BOUNDARY}`,
    multipart(part('name="operations"', CALLERS)),
  ],
  'operations that are not an object': [
    `multipart/form-data; boundary=${BOUNDARY}`,
    multipart(part('name="operations"', JSON.stringify(CALLERS)), part('name="map"', MAP)),
  ],
  'a map that is not JSON': [
    `multipart/form-data; boundary=${BOUNDARY}`,
    multipart(part('name="operations"', UPLOAD), part('name="map"', CALLERS)),
  ],
  'a map with an unknown path': [
    `multipart/form-data; boundary=${BOUNDARY}`,
    multipart(
      part('name="operations"', UPLOAD),
      part('name="map"', JSON.stringify({ [CODE]: [`variables.${CALLERS}`] })),
    ),
  ],
  'a map to an unknown variable': [
    `multipart/form-data; boundary=${BOUNDARY}`,
    multipart(
      part('name="operations"', UPLOAD),
      part('name="map"', JSON.stringify({ [CODE]: [`variables.${CODE}`] })),
      part(`name="${CODE}"; filename="${CODE}.pdf"`, CALLERS),
    ),
  ],
  'a file without an entry in the map': [
    `multipart/form-data; boundary=${BOUNDARY}`,
    multipart(
      part('name="operations"', UPLOAD),
      part('name="map"', '{}'),
      part(`name="${CODE}"; filename="${CODE} ${OTHER_CODE}.pdf"`, CALLERS),
    ),
  ],
  'a file that is not a PDF': [
    `multipart/form-data; boundary=${BOUNDARY}`,
    multipart(
      part('name="operations"', UPLOAD),
      part('name="map"', MAP),
      part(`name="0"; filename="${CODE} ${KEY.replaceAll('"', '')}.pdf"`, CALLERS),
    ),
  ],
  'a missing file': [
    `multipart/form-data; boundary=${BOUNDARY}`,
    multipart(part('name="operations"', UPLOAD), part('name="map"', MAP)),
  ],
  'a field in place of a file': [
    `multipart/form-data; boundary=${BOUNDARY}`,
    multipart(part('name="operations"', UPLOAD), part('name="map"', MAP), part('name="0"', CALLERS)),
  ],
  'invalid headers of a part': [
    `multipart/form-data; boundary=${BOUNDARY}`,
    `--${BOUNDARY}\r\n${CODE}: ${CALLERS}\r\n${CALLERS}\r\n\r\n${CALLERS}\r\n--${BOUNDARY}--\r\n`,
  ],
};

test.each(Object.entries(REQUESTS))('%s', async (what, [type, body]) => {
  const { url, record } = await startWorld();
  await sendPlanted(record, what, url, { method: 'POST', headers: { 'content-type': type }, body });
  expectNoLeaks(record);
});

describe('addresses', () => {
  const encoded = encodeURIComponent;
  test.each([
    ['a fiscal code', `/graphql?query={__typename}&cf=${CODE}`],
    ['a key', `/graphql?query={__typename}&key=${encoded(KEY)}`],
    ['a signed address', `/graphql?query=${encoded(`{ dossier(id: "${SAS}") { id } }`)}`],
    ['variables that are not JSON', `/graphql?query={__typename}&variables=${encoded(KEY)}`],
    ['a path', `/${CODE}/${encoded(KEY)}`],
    ['a path of a document', `/documents/${CODE}/${encoded(KEY)}.pdf`],
    ['a long URL', `/graphql?query=${encoded(KEY).repeat(600)}`],
    ['an invalid URL', `/%E0%A4%A${encoded(KEY)}`],
  ])('with %s', async (what, path) => {
    const { url, record } = await startWorld();
    for (const method of ['GET', 'POST', 'PUT', 'OPTIONS', 'HEAD'])
      await sendPlanted(record, `${method} ${what}`, new URL(path, url), {
        method,
        headers: { accept: '*/*' },
      });
    await sendPlanted(record, `the page of ${what}`, new URL(path, url), {
      headers: { accept: 'text/html' },
    });
    expectNoLeaks(record);
  });
});

describe('callers that are refused', () => {
  let expired: Record<string, unknown>;
  beforeAll(() => {
    expired = { exp: inSeconds(-3_600), sub: CODE, role: CALLERS, fiscal_code: CODE };
  });
  const ask = { method: 'POST', body: JSON.stringify({ query: `query find${CODE} { __typename }` }) };

  test('by a token', async () => {
    const issuer = await startTokenIssuer();
    const { url, record } = await startWorld({ auth: jwtOptions(issuer.url) });
    const tokens = [
      await issuer.sign(expired),
      await issuer.sign({ sub: CODE, role: CALLERS }),
      await issuer.sign({ sub: CODE, role: 'citizen', fiscal_code: `${CODE} ` }),
      await issuer.sign({ sub: CODE, tenant: CALLERS, aud: CALLERS }),
      await issuer.sign({ sub: CODE }, { header: { kid: CODE } }),
      TOKEN,
      `${TOKEN}.${TOKEN}`,
      KEY,
      CALLERS,
      CODE,
    ];
    for (const [index, token] of tokens.entries()) {
      for (const [nth, piece] of token.split(/[. ]/).entries())
        if (piece.length > 20) record.alsoSecret(`piece ${nth} of token ${index}`, piece);
      for (const authorization of [
        `Bearer ${token}`,
        `Basic ${Buffer.from(token).toString('base64')}`,
        token,
      ])
        await sendPlanted(record, `token ${index}`, url, {
          ...ask,
          headers: { 'content-type': 'application/json', authorization },
        });
    }
    expectNoLeaks(record);
    expect(record.lines().filter(({ status }) => status === 401 || status === 403).length).toBeGreaterThan(
      10,
    );
  });

  test('by a key', async () => {
    const file = temporaryFile(
      'keys.json',
      keysText({ 'another-key': { name: 'portale', role: 'operator' } }),
    );
    const { url, record } = await startWorld({ auth: { mode: 'api-key', file, pollMs: 20 } });
    for (const key of [CALLER_KEY, KEY, CODE, CALLERS, TOKEN])
      await sendPlanted(record, 'a key', url, {
        ...ask,
        headers: { 'content-type': 'application/json', 'x-api-key': key },
      });
    expectNoLeaks(record);
  });

  test('by the rate limit, for their origin, or for their Host', async () => {
    const { url, record } = await startWorld({ protections: { requestsPerMinute: 5 } });
    const headers = { 'content-type': 'application/json' };
    const origins = [`https://${CODE}.example`, CODE, 'null', `https://${CODE}.example:1`];
    for (const origin of origins)
      await sendPlanted(record, 'another origin', url, { ...ask, headers: { ...headers, origin } });
    for (let nth = 0; nth < 4; nth += 1) await sendPlanted(record, 'too many', url, { ...ask, headers });
    expect(record.lines().some(({ status }) => status === 429)).toBe(true);
    expect(record.lines().some(({ status }) => status === 403)).toBe(true);
    expectNoLeaks(record);
  });
});

test('requests that are not HTTP', async () => {
  const { url, record } = await startWorld();
  const head = `POST /graphql HTTP/1.1`;
  const raw: readonly (readonly [string, readonly string[], string?])[] = [
    ['another name', ['GET /graphql HTTP/1.1', `host: ${CODE}.example`, `x: ${CALLERS}`]],
    ['an invalid Host', ['GET /graphql HTTP/1.1', `host: ${CODE} ${KEY}`]],
    ['no request', [`${CODE} ${CALLERS}`]],
    ['no method', [`${CODE} /graphql HTTP/1.1`, 'host: localhost']],
    ['an invalid header', [head, 'host: localhost', `${CODE} : ${KEY}`]],
    ['headers that are too long', [head, 'host: localhost', `x-key: ${CALLERS.repeat(200)}`]],
    ['an invalid length', [head, 'host: localhost', `content-length: ${CODE}`]],
    ['an invalid chunk', [head, 'host: localhost', 'transfer-encoding: chunked'], `${CODE}\r\n${CALLERS}`],
    ['two credentials', [head, 'host: localhost', `authorization: Bearer ${KEY}`, `x-api-key: ${CODE}`]],
    [
      'an absolute URL',
      [`GET http://${CODE}:${encodeURIComponent(KEY)}@localhost/graphql HTTP/1.1`, 'host: localhost'],
    ],
  ];
  for (const [what, lines, body = ''] of raw)
    record.answered({ what, text: await exchange(url, lines, body), mayHold: [] });
  expectNoLeaks(record);
});

test('with a plain logger the secrets are in the log, and the search finds them', async () => {
  const { url, record } = await startWorld({}, 'plain');
  const headers = { 'content-type': 'application/json', 'x-request-id': 'r-1' };
  const body = JSON.stringify({ query: `query find${CODE} { __typename }` });
  await sendPlanted(record, 'a name', url, { method: 'POST', headers, body });
  await expect.poll(() => record.leaks()).toEqual(['a fiscal code as it is, in the log']);
});
