import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBlobStub } from '../../../support/blob-stub.ts';
import { exchange } from '../../../support/raw-http.ts';
import { startUploadGateway } from '../../../support/upload-gateway.ts';

let storage: Awaited<ReturnType<typeof startBlobStub>>;
let gateway: Awaited<ReturnType<typeof startUploadGateway>>;
beforeAll(async () => {
  storage = await startBlobStub();
  gateway = await startUploadGateway({
    target: storage.address,
    storage: { allowedHosts: [storage.origin] },
    uploads: { maxFiles: 2, maxFieldBytes: 10_000 },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

const TYPE = 'multipart/form-data; boundary=b';
const PING = '{"query":"{ ping }"}';
const UPLOAD = JSON.stringify({
  query: 'mutation ($f: Upload!) { upload(file: $f) { sizeBytes } }',
  variables: { f: null },
});
const MAP = '{"0":["variables.f"]}';
const PDF = `%PDF-1.7\n${'x'.repeat(1_000)}`;

const part = (headers: string, body: string): string => `--b\r\n${headers}\r\n\r\n${body}\r\n`;
const named = (attributes: string): string => `Content-Disposition: form-data; ${attributes}`;
const field = (name: string, value: string): string => part(named(`name="${name}"`), value);
const file = (name: string, attributes = '; filename="a.pdf"', headers = ''): string =>
  part(`${named(`name="${name}"${attributes}`)}\r\nContent-Type: application/pdf${headers}`, PDF);
const form = (...parts: readonly string[]): string => `${parts.join('')}--b--\r\n`;
const fields = (operations: string, map: string): string =>
  form(field('operations', operations), field('map', map));

async function post(body: string, type = TYPE): Promise<{ status: number; code: unknown; message: string }> {
  const url = `http://127.0.0.1:${gateway.port}/graphql`;
  const lines = ['POST /graphql HTTP/1.1', 'Host: localhost', `Content-Type: ${type}`];
  const [head = '', text = ''] = (await exchange(url, lines, body)).split('\r\n\r\n');
  const { errors } = JSON.parse(Buffer.from(text, 'latin1').toString()) as {
    errors: [{ message: string; extensions: { code?: string } }];
  };
  return { status: Number(head.slice(9, 12)), code: errors[0].extensions.code, message: errors[0].message };
}

const FIRST = 'Send the part operations first, then map, then the files.';
const IS_FILE =
  'A part is a file if its Content-Disposition has a filename, such as filename="document.pdf".';
const cutOff = (name: string) =>
  `The body ends inside its part ${name}: it is cut off, or its parts are not separated by the boundary in Content-Type.`;
const isFile = (name: string) =>
  `The part ${name} is a file. Send it as a field: without filename, and not as application/octet-stream. (With curl: -F '${name}=<file', not '${name}=@file'.)`;
const NO_BOUNDARY =
  'The Content-Type multipart/form-data has no valid boundary. Do not set this header yourself: the HTTP client that writes the body sets it.';
const MAP_OBJECT = 'The part map must be a JSON object such as {"0": ["variables.input.file"]}.';
const OPERATIONS_OBJECT = 'The part operations must be a JSON object with query and variables.';
const PATH_LIST =
  'The map must assign the file "0" a list with the path of its variable, as in {"0": ["variables.input.file"]}.';
const noPlace = (path: string) =>
  `The map assigns the file "0" to "${path}", which operations does not contain. Set that variable to null.`;
const notJson = (part: string, place: string): string => `The part ${part} is not valid JSON: ${place}.`;
const noVariable = (path: string) =>
  `The map assigns the file "0" to "${path}", which is not a variable. Paths begin with "variables.".`;

test.each<[string, string, string, string?]>([
  ['no boundary', fields(PING, '{}'), NO_BOUNDARY, 'multipart/form-data'],
  ['a semicolon without a parameter', fields(PING, '{}'), NO_BOUNDARY, 'multipart/form-data;'],
  ['an empty boundary', fields(PING, '{}'), NO_BOUNDARY, 'multipart/form-data; boundary=""'],
  ['another parameter', fields(PING, '{}'), NO_BOUNDARY, 'multipart/form-data; charset=utf-8'],
  ['no body', '', 'The request has no body. Send the parts operations, map and the files.'],
  ['another boundary', fields(PING, '{}'), cutOff('operations'), 'multipart/form-data; boundary=c'],
  ['JSON', PING, cutOff('operations')],
  ['no parts', form(), `The body has no part operations. ${FIRST}`],
  [
    'parts that are not form-data',
    form(part('Content-Type: text/plain', PING)),
    `The body has no part operations. ${FIRST}`,
  ],
  [
    'an attachment',
    form(part('Content-Disposition: attachment; name="operations"', PING)),
    `The body has no part operations. ${FIRST}`,
  ],
  ['truncated operations', field('operations', UPLOAD).slice(0, 100), cutOff('operations')],
  ['only operations, and no end', field('operations', UPLOAD), cutOff('operations')],
  ['a truncated map', field('operations', UPLOAD) + field('map', MAP).slice(0, 60), cutOff('map')],
  [
    'a broken header line',
    form(part('Content-Disposition form-data', PING)),
    'The body has a part with malformed headers.',
  ],
  ['a truncated header', '--b\r\nContent-Disposition: form-', cutOff('operations')],
  ['no map', form(field('operations', PING)), `The body has no part map. ${FIRST}`],
  [
    'no map before a file',
    form(field('operations', UPLOAD), file('0')),
    `The file "0" comes before the part map, or there is no map. ${FIRST}`,
  ],
  [
    'a file first',
    form(file('0'), field('operations', UPLOAD), field('map', MAP)),
    `The file "0" comes before the part operations, or there is no operations. ${FIRST}`,
  ],
  [
    'the map after the file',
    form(field('operations', UPLOAD), file('0'), field('map', MAP)),
    `The file "0" comes before the part map, or there is no map. ${FIRST}`,
  ],
  [
    'the map first',
    form(field('map', MAP), field('operations', UPLOAD), file('0')),
    `The part map comes before the part operations. ${FIRST}`,
  ],
  [
    'only a map',
    form(field('map', MAP), file('0')),
    `The part map comes before the part operations. ${FIRST}`,
  ],
  [
    'operations as a file',
    form(part(named('name="operations"; filename="blob"'), UPLOAD), field('map', MAP), file('0')),
    isFile('operations'),
  ],
  [
    'operations as bytes',
    form(part(`${named('name="operations"')}\r\nContent-Type: application/octet-stream`, UPLOAD)),
    isFile('operations'),
  ],
  [
    'a map as a file',
    form(field('operations', UPLOAD), part(named('name="map"; filename="map.json"'), MAP), file('0')),
    isFile('map'),
  ],
  [
    'operations twice',
    form(field('operations', PING), field('operations', PING), field('map', '{}')),
    `The body has the part operations twice. ${FIRST}`,
  ],
  [
    'a part without a name',
    form(part('Content-Disposition: form-data', PING)),
    `A part has no name in its Content-Disposition. ${FIRST}`,
  ],
  [
    'a file without a name',
    form(part('Content-Disposition: form-data; filename="a.pdf"', PDF)),
    `A file comes before the part operations, or there is no operations. ${FIRST}`,
  ],
  [
    'another field first',
    form(field('token', 'x'), field('operations', PING), field('map', '{}')),
    `The part "token" is neither operations nor map, and not a file. ${IS_FILE} ${FIRST}`,
  ],
  [
    'a file without filename in place of the map',
    form(field('operations', UPLOAD), file('0', '')),
    `The part "0" is neither operations nor map, and not a file. ${IS_FILE} ${FIRST}`,
  ],
  [
    'a field with a long name',
    form(field('n'.repeat(1_000), 'x')),
    `The part "${'n'.repeat(60)}…" is neither operations nor map, and not a file. ${IS_FILE} ${FIRST}`,
  ],
  ['operations that are not JSON', fields('{', '{}'), notJson('operations', 'see line 1, column 2')],
  ['empty operations', fields('', '{}'), notJson('operations', 'it ends too early')],
  ['operations that are a query', fields('{ ping }', '{}'), notJson('operations', 'see line 1, column 3')],
  ['operations that are null', fields('null', '{}'), OPERATIONS_OBJECT],
  ['operations that are a string', fields('"{ ping }"', '{}'), OPERATIONS_OBJECT],
  ['a map that is not JSON', fields(UPLOAD, '0=variables.f'), notJson('map', 'see line 1, column 2')],
  ['a map that is null', fields(UPLOAD, 'null'), MAP_OBJECT],
  ['a map that is a list', fields(UPLOAD, '[["variables.f"]]'), MAP_OBJECT],
  ['a path that is not a list', fields(UPLOAD, '{"0":"variables.f"}'), PATH_LIST],
  ['a path that is not a string', fields(UPLOAD, '{"0":[1]}'), PATH_LIST],
  [
    'no path',
    fields(UPLOAD, '{"0":[]}'),
    'The map assigns the file "0" to no variable. Send the path of a variable, as in {"0": ["variables.input.file"]}.',
  ],
  ['an empty path', fields(UPLOAD, '{"0":[""]}'), noVariable('')],
  ['a path without variables', fields(UPLOAD, '{"0":["f"]}'), noVariable('f')],
  ['a path to all variables', fields(UPLOAD, '{"0":["variables"]}'), noVariable('variables')],
  ['a path to the query', fields(UPLOAD, '{"0":["query"]}'), noVariable('query')],
  ['a path into the prototype', fields(UPLOAD, '{"0":["__proto__.x"]}'), noVariable('__proto__.x')],
  ['a path for a batch', fields(UPLOAD, '{"0":["0.variables.f"]}'), noVariable('0.variables.f')],
  ['a path outside a batch', fields(`[${UPLOAD}]`, '{"0":["variables.f"]}'), noVariable('variables.f')],
  [
    'a path to a missing variable',
    fields(UPLOAD, '{"0":["variables.input.file"]}'),
    noPlace('variables.input.file'),
  ],
  ['a path without variables to lead to', fields(PING, '{"0":["variables.f"]}'), noPlace('variables.f')],
  [
    'a path into a function',
    fields(UPLOAD, '{"0":["variables.hasOwnProperty.call"]}'),
    noPlace('variables.hasOwnProperty.call'),
  ],
  [
    'a path to a length',
    fields('{"query":"{ ping }","variables":{"f":[]}}', '{"0":["variables.f.length"]}'),
    'The map has an invalid path.',
  ],
  [
    'one file for two variables',
    fields(UPLOAD, '{"0":["variables.f","variables.g"]}'),
    'The map assigns the file "0" to several variables. Files are not stored: send it once for each variable.',
  ],
  [
    'two files for one variable',
    fields(UPLOAD, '{"0":["variables.f"],"1":["variables.f"]}'),
    'The map assigns two files to "variables.f". Give each file its own variable.',
  ],
  ['an empty batch', fields('[null]', '{}'), 'Batching is not supported.'],
  [
    'operations in base64',
    form(part(`${named('name="operations"')}\r\nContent-Transfer-Encoding: base64`, btoa(PING))),
    'A part has a Content-Transfer-Encoding, such as base64, which is not supported. Send its bytes as they are.',
  ],
])('a body with %s is refused with the mistake and the remedy', async (_, body, message, type = TYPE) => {
  expect(await post(body, type)).toEqual({ status: 400, code: 'BAD_REQUEST', message });
});

test.each([
  [
    'operations',
    fields(JSON.stringify({ query: '{ ping }', x: 'x'.repeat(10_000) }), '{}'),
    'The part operations is larger than 10,000 bytes.',
  ],
  [
    'a map',
    fields(UPLOAD, JSON.stringify({ 0: ['x'.repeat(10_000)] })),
    'The part map is larger than 10,000 bytes.',
  ],
  [
    'a map of too many files',
    fields(UPLOAD, '{"0":["variables.f"],"1":["variables.g"],"2":["variables.h"]}'),
    'The map has 3 files; a request may have at most 2. Send the files in several requests.',
  ],
])('%s over the limit is 413', async (_, body, message) => {
  expect(await post(body)).toEqual({ status: 413, code: 'REQUEST_ENTITY_TOO_LARGE', message });
});

const START = field('operations', UPLOAD) + field('map', MAP);
const TWO = {
  query:
    'mutation ($f: Upload!, $g: Upload!) { upload(file: $f) { sizeBytes } b: upload(file: $g) { sizeBytes } }',
  variables: { f: null, g: null },
};
const OTHER_PART = `The body has a part after operations and map that is not a file. ${IS_FILE} Send operations and map once.`;
const NOT_IN_MAP =
  'The body contains a file that the map does not assign to a variable. Add it to the map, or omit it.';

/** Mistakes after the map: the operation is already running, so the field that reads the file reports them. */
test.each([
  ['a file without a filename', form(START, file('0', '')), OTHER_PART],
  ['a file with an empty filename', form(START, file('0', '; filename=""')), OTHER_PART],
  ['another field', form(START, field('token', 'x'), file('0')), OTHER_PART],
  ['another field at its end', form(START, file('0'), field('token', 'x')), OTHER_PART],
  ['the map twice', form(START, field('map', MAP), file('0')), OTHER_PART],
  ['operations at its end', form(START, file('0'), field('operations', UPLOAD)), OTHER_PART],
  [
    'no file',
    form(START),
    'The body does not contain a file of the map. Send the file in a part of that name, with a filename in its Content-Disposition.',
  ],
  ['a file of another name', form(START, file('1')), NOT_IN_MAP],
  [
    'a file without a name',
    form(START, part('Content-Disposition: form-data; filename="a.pdf"', PDF)),
    NOT_IN_MAP,
  ],
  ['more files than in the map', form(START, file('0'), file('1')), NOT_IN_MAP],
  [
    'a file twice',
    form(START, file('0'), file('0')),
    'The body contains a file twice. Send each file of the map once.',
  ],
  [
    'more files than a request may have',
    form(
      field('operations', JSON.stringify(TWO)),
      field('map', '{"0":["variables.f"],"1":["variables.g"]}'),
      file('0'),
      file('1'),
      file('2'),
    ),
    'The request has more than 2 files. Send them in several requests.',
  ],
  [
    'a file in base64',
    form(START, file('0', undefined, '\r\nContent-Transfer-Encoding: base64')),
    'A part has a Content-Transfer-Encoding, such as base64, which is not supported. Send its bytes as they are.',
  ],
  [
    'a truncated file',
    START + file('0').slice(0, 200),
    'The multipart body is malformed or ends before the file does. Send the request again.',
  ],
  [
    'a file and no end',
    START + file('0').slice(0, -2),
    'The multipart body is malformed or ends before the file does. Send the request again.',
  ],
])('a body with %s is refused, and nothing is stored', async (_, body, message) => {
  expect((await post(body)).message).toBe(message);
  expect(storage.count('putBlob') + storage.count('putBlockList')).toBe(0);
});

test.each([
  [
    'a byte order mark before operations and map',
    form(field('operations', `\u{FEFF}${PING}`), field('map', '\u{FEFF}{}')),
  ],
  [
    'parts of any type and encoding that changes nothing',
    form(
      part(
        `${named('name="operations"')}\r\nContent-Type: application/json\r\nContent-Transfer-Encoding: 8BIT`,
        PING,
      ),
      field('map', '{}'),
    ),
  ],
  ['text before the first part and after the last', `preamble\r\n${fields(PING, '{}')}epilogue`],
])('a body with %s is read', async (_, body) => {
  const url = `http://127.0.0.1:${gateway.port}/graphql`;
  const lines = ['POST /graphql HTTP/1.1', 'Host: localhost', `Content-Type: ${TYPE}`];
  expect(await exchange(url, lines, body)).toContain('{"data":{"ping":"pong"}}');
});
