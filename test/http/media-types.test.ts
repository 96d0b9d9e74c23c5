import { expect, test } from 'vitest';
import { BOUNDARY, multipartBody } from '../support/multipart.ts';
import { exchange } from '../support/raw-http.ts';
import { startGateway } from '../support/start-gateway.ts';

const QUERY = JSON.stringify({ query: '{ __typename }' });
const FORM = new URLSearchParams({ query: '{ __typename }' }).toString();
const MULTIPART = multipartBody(
  [
    ['operations', QUERY],
    ['map', '{}'],
  ],
  [],
).toString();
const DATA = '{"data":{"__typename":"Query"}}';
const POST = ['POST /graphql HTTP/1.1', 'Host: localhost'];

/** Sends a request with exactly these header lines. @returns the status, the media type and the body of the answer */
async function answerTo(url: string, lines: readonly string[], body = '') {
  const text = await exchange(url, lines, body);
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const type = /^content-type: (.*)$/im.exec(head)?.[1];
  return { status: Number(head.slice(9, 12)), type, head, text: rest.join('\r\n\r\n') };
}

const TYPES: readonly (readonly [string, string])[] = [
  ...['application/json', 'Application/Json', 'APPLICATION/JSON', 'application/graphql+json'].flatMap(
    (type) =>
      [
        '',
        ';',
        ' ;',
        ' ; charset=utf-8',
        ';charset=UTF-8',
        '; Charset="utf-8"',
        ';charset=utf8;',
        '; x="a;b"',
      ].map((parameters) => [`${type}${parameters}`, QUERY] as const),
  ),
  ...['', ';', ' ; charset="UTF-8"'].flatMap((parameters) => [
    [`Application/X-WWW-Form-Urlencoded${parameters}`, FORM] as const,
    [`application/GraphQL${parameters}`, '{ __typename }'] as const,
  ]),
  ...['', ';', ' ; charset=utf-8'].flatMap((parameters) => [
    [`multipart/form-data; boundary=${BOUNDARY}${parameters}`, MULTIPART] as const,
    [`Multipart/Form-Data ;Boundary="${BOUNDARY}"${parameters}`, MULTIPART] as const,
    [`multipart/form-data;; charset="UTF-8" ; boundary = ${BOUNDARY}${parameters}`, MULTIPART] as const,
  ]),
];

test('a Content-Type is read in any case, with whitespace, quotes and empty parameters', async () => {
  const { url } = await startGateway();
  for (const [type, body] of TYPES) {
    const { status, text } = await answerTo(url, [...POST, `Content-Type: ${type}`], body);
    expect([status, text], type).toEqual([200, DATA]);
  }
});

test('a charset other than UTF-8 is refused, with its name: 415', async () => {
  const { url } = await startGateway();
  for (const [type, body] of [
    ['application/json; charset=iso-8859-1', QUERY],
    ['application/json ; CHARSET="UTF-16"', QUERY],
    ['application/x-www-form-urlencoded; charset=windows-1252', FORM],
    [`multipart/form-data; boundary=${BOUNDARY}; charset=latin1`, MULTIPART],
  ] as const) {
    const { status, text } = await answerTo(url, [...POST, `Content-Type: ${type}`], body);
    expect(status, type).toBe(415);
    expect(text, type).toMatch(
      /"The Content-Type names a charset other than UTF-8\..*"UNSUPPORTED_MEDIA_TYPE"/,
    );
  }
});

const GRAPHQL = 'application/graphql-response+json; charset=utf-8';
const PLAIN = 'application/json; charset=utf-8';
const EVENTS = 'text/event-stream; charset=utf-8';

const ACCEPTS: readonly (readonly [string, string])[] = [
  ['application/json; charset="utf-8"', PLAIN],
  ['Application/Json ;q=1.0 ; charset=UTF-8;', PLAIN],
  ['application/graphql-response+json, application/json;q=0.9', GRAPHQL],
  ['application/json;q=0.9, application/graphql-response+json', GRAPHQL],
  ['application/json ; q=0.1 , Application/GraphQL-Response+JSON ; q="0.2"', GRAPHQL],
  ['application/graphql-response+json;q=0, */*', PLAIN],
  ['*/*', PLAIN],
  ['Text/Event-Stream', EVENTS],
  ['text/event-stream; charset="UTF-8", application/json;q=0', EVENTS],
];

test('an Accept header is read in any case, with whitespace, quotes and weights, for GET and POST', async () => {
  const { url } = await startGateway();
  const get = [`GET /graphql?${FORM} HTTP/1.1`, 'Host: localhost'];
  for (const [accept, expected] of ACCEPTS) {
    const byPost = await answerTo(
      url,
      [...POST, 'Content-Type: application/json', `Accept: ${accept}`],
      QUERY,
    );
    const byGet = await answerTo(url, [...get, `Accept: ${accept}`]);
    for (const { status, type, text } of [byPost, byGet]) {
      expect([status, type], accept).toEqual([200, expected]);
      expect(text, accept).toContain(DATA);
    }
  }
});

test('a subscription is answered for every Accept that allows events, and for no other', async () => {
  const { url, sandbox } = await startGateway();
  const { requests } = await sandbox.seed({ requests: [{ status: 'CANCELLED' }] });
  const query = 'subscription ($id: ID!) { signatureRequestChanged(id: $id) { status } }';
  const body = JSON.stringify({ query, variables: { id: requests[0]?.id } });
  const ask = (accept: string) =>
    answerTo(url, [...POST, 'Content-Type: application/json', `Accept: ${accept}`], body);
  for (const accept of [
    'TEXT/EVENT-STREAM',
    'text/event-stream;charset="utf-8"',
    'application/json;q=0.5, text/event-stream ; q="0.1"',
    'text/*',
    '*/*;q=0.1',
  ]) {
    const { status, type, text } = await ask(accept);
    expect([status, type], accept).toEqual([200, EVENTS]);
    expect(text, accept).toContain('CANCELLED');
  }
  for (const accept of [
    'text/event-stream;q=0, application/json',
    'text/event-stream;q=0, */*',
    'application/json',
  ]) {
    const { status, text } = await ask(accept);
    expect([status, text], accept).toEqual([406, expect.stringContaining('"EVENT_STREAM_ONLY"')]);
  }
});

test('the GraphiQL page is for clients that prefer HTML', async () => {
  const { url } = await startGateway();
  const typeOf = async (accept: string) =>
    (await fetch(`${url}?${FORM}`, { headers: { accept } })).headers.get('content-type');
  expect(await typeOf('Text/HTML ; q=0.9, */*;q=0.8')).toContain('text/html');
  expect(await typeOf('text/html;q=0, application/json')).toContain('application/json');
  expect(await typeOf('application/json, text/html;q=0.5')).toContain('application/json');
});

test.each(['gzip', 'GZIP', 'br', 'deflate', 'identity, gzip', 'zstd', 'x-unknown'])(
  'a body with Content-Encoding: %s is refused, with the name of the header',
  async (coding) => {
    const { url, sandbox } = await startGateway();
    for (const [type, body] of [
      ['application/json', QUERY],
      [`multipart/form-data; boundary=${BOUNDARY}`, MULTIPART],
    ] as const) {
      const lines = [...POST, `Content-Type: ${type}`, `Content-Encoding: ${coding}`];
      const { status, head, text } = await answerTo(url, lines, body);
      expect(status).toBe(415);
      expect(head).toMatch(/^accept-encoding: identity$/im);
      expect(text).toMatch(/without the header Content-Encoding\..*"UNSUPPORTED_MEDIA_TYPE"/);
    }
    expect(sandbox.journal.entries()).toEqual([]);
  },
);

test('a body with a compressed Transfer-Encoding is refused, with the name of the header', async () => {
  const { url } = await startGateway();
  const { status, text } = await answerTo(url, [
    ...POST,
    'Content-Type: application/json',
    'Transfer-Encoding: gzip, chunked',
    `Connection: close\r\n\r\n${QUERY.length.toString(16)}\r\n${QUERY}\r\n0`,
  ]);
  expect(status).toBe(415);
  expect(text).toMatch(/without the header Transfer-Encoding\..*"UNSUPPORTED_MEDIA_TYPE"/);
});

test('a body with Content-Encoding: identity is read', async () => {
  const { url } = await startGateway();
  for (const coding of ['identity', 'Identity', ' identity , identity', '']) {
    const lines = [...POST, 'Content-Type: application/json', `Content-Encoding: ${coding}`];
    expect((await answerTo(url, lines, QUERY)).text, coding).toBe(DATA);
  }
});

const MARK = '\u{FEFF}';

test('a byte order mark before JSON is ignored, in every kind of request', async () => {
  const { url } = await startGateway();
  const fields = (mark: string) =>
    multipartBody(
      [
        ['operations', `${mark}${QUERY}`],
        ['map', `${mark}{}`],
      ],
      [],
    ).toString();
  for (const [type, body] of [
    ['application/json', `${MARK}${QUERY}`],
    ['application/graphql+json', `${MARK}${QUERY}`],
    ['application/x-www-form-urlencoded', `${MARK}${FORM}`],
    ['application/graphql', `${MARK}{ __typename }`],
    [`multipart/form-data; boundary=${BOUNDARY}`, fields(MARK)],
  ] as const) {
    const { status, text } = await answerTo(url, [...POST, `Content-Type: ${type}`], body);
    expect([status, text], type).toEqual([200, DATA]);
  }
  const chunked = `${MARK}${QUERY}`;
  const length = Buffer.byteLength(chunked).toString(16);
  const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked'];
  const { text } = await answerTo(url, [
    ...POST,
    ...headers,
    `Connection: close\r\n\r\n${length}\r\n${chunked}\r\n0`,
  ]);
  expect(text).toContain(DATA);
});

test.each([
  ['two byte order marks', `${MARK}${MARK}${QUERY}`, 'The body is not valid JSON.'],
  ['no JSON', '{', 'The body is not valid JSON: see line 1, column 2.'],
  [
    'JSON with a mistake after a long text',
    `{ "query": "${' '.repeat(500)}",\n  "variables": {input: 1} }`,
    'The body is not valid JSON: see line 2, column 17.',
  ],
  // Node reports no position here, and quotes the text.
  [
    'JSON with a word that ends like a position',
    '{ "query": (line 1 column 1)',
    'The body is not valid JSON.',
  ],
  ['nothing', '', 'The body is not valid JSON: it ends too early.'],
  ['null', 'null', 'The body must be a JSON object with the operation as query.'],
  ['a text', '"{ __typename }"', 'The body must be a JSON object with the operation as query.'],
])('a JSON body of %s is malformed', async (_, body, message) => {
  const { url } = await startGateway();
  const { status, text } = await answerTo(
    url,
    [...POST, 'Content-Type: application/json', 'Content-Length: 0'].slice(0, body === '' ? 4 : 3),
    body,
  );
  expect(status).toBe(400);
  expect(JSON.parse(text)).toMatchObject({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] });
});
