import type { Draw } from './support-draw.ts';
import { operation } from './support-operations.ts';
import { authorization, jsonOf } from './support-requests.ts';
import type { WireRequest } from './support-requests.ts';
import { HOSTILE_TEXTS, PROTOTYPE_NAMES } from './support-values.ts';
import type { World } from './support-world.ts';

interface Part {
  readonly name: string;
  readonly head: string;
  readonly content: Buffer;
}

/** A multipart request, and whether it has its declared length: then it gets an answer without a timeout. */
export interface WireUpload extends WireRequest {
  readonly isComplete: boolean;
}

const SPLINTERS = [
  '--',
  '\r\n',
  '\n',
  '\r',
  '"',
  ';',
  '\u0000',
  '--x',
  'name="map"',
  'filename="',
  '\r\n\r\n',
  '{',
  '[',
  'null',
];
const PATHS = [
  'variables.f0',
  'variables.f1',
  'variables.f9',
  'variables',
  '',
  '.',
  'variables.',
  'variables..f0',
  'query',
  '0.variables.f0',
  '1e9.x',
  'operationName',
  'extensions.a',
  'variables.f0.file',
  'variables.f0.0.1',
  ' ',
  'hasOwnProperty.call',
  'variables.toString.call',
  'variables.f0.push.call',
  'query.split.call',
  ...PROTOTYPE_NAMES.flatMap((name) => [
    name,
    `variables.${name}`,
    `variables.f0.${name}.x`,
    `${name}.polluted`,
  ]),
];
const NEARLY = '\r\n--b0undar';
const PDF = Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n');

/** A multipart request as a client sends it, or nearly valid. */
export function multipartRequest(draw: Draw, world: World): WireUpload {
  const boundary = draw.flaw(12)
    ? draw.one(['', 'x'.repeat(71), 'x'.repeat(2_000), 'a b', "'()+_,-./:=?"])
    : 'b0undary';
  const body = assembled(draw, partsOf(draw, world), boundary);
  const sent = draw.flaw(8) ? body.subarray(0, draw.number(body.length)) : body;
  const isChunked = draw.once(4);
  const framed = isChunked ? chunked(draw, sent) : sent;
  const announced = draw.flaw(12) ? Math.max(0, framed.length + draw.number(40) - 20) : body.length;
  const lines = [
    `POST ${draw.flaw(40) ? '/graphql/' : '/graphql'} HTTP/1.1`,
    `Host: ${world.host}`,
    `Accept: ${draw.flaw(10) ? 'text/event-stream' : 'application/json'}`,
    `Content-Type: ${typeOf(draw, boundary)}`,
    ...authorization(draw, world),
    isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${announced}`,
    ...(draw.flaw(20) ? [draw.one(['Expect: 100-continue', 'Content-Encoding: gzip', 'Origin: null'])] : []),
  ];
  return {
    bytes: Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), framed]),
    isHead: false,
    isComplete: isChunked || announced === sent.length,
  };
}

function typeOf(draw: Draw, boundary: string): string {
  const type = 'multipart/form-data';
  if (!draw.flaw(12)) return `${type}; boundary=${/^[\w-]*$/.test(boundary) ? boundary : `"${boundary}"`}`;
  return draw.one([
    type,
    `${type};`,
    `${type}; boundary`,
    `${type}; boundary=`,
    `${type}; boundary="${boundary}`,
    `${type}; boundary=other`,
    `${type}; charset=utf-16; boundary=${boundary}`,
    `${type}; boundary=${boundary}; boundary=other`,
    `Multipart/Form-Data; Boundary=${boundary}`,
    `multipart/mixed; boundary=${boundary}`,
    `${type}, application/json; boundary=${boundary}`,
  ]);
}

function partsOf(draw: Draw, world: World): Part[] {
  const { json, files } = draw.once(6)
    ? { json: jsonOf(draw, operation(draw, world.ids)), files: 1 }
    : upload(draw, world);
  const map = draw.flaw(6) ? hostileMap(draw) : mapOf(files);
  const wanted: Part[] = [
    field('operations', draw.flaw(12) ? draw.mutated(json, SPLINTERS) : json),
    field('map', draw.flaw(12) ? draw.mutated(map, SPLINTERS) : map),
    ...Array.from({ length: files }, (_, index) => file(draw, String(index))),
  ];
  const parts = wanted.flatMap((part) => (draw.flaw(25) ? [] : draw.flaw(25) ? [part, part] : [part]));
  if (draw.flaw(20))
    parts.push(
      ...draw.some(1, draw.once(5) ? 60 : 3, () => file(draw, draw.one(['0', '9', '__proto__', '']))),
    );
  if (draw.flaw(20)) parts.unshift(field(draw.one(['x', 'operations', 'map', '']), draw.one(HOSTILE_TEXTS)));
  if (draw.flaw(10)) parts.reverse();
  return parts;
}

/** An operation with a file in each of its variables `f0`, `f1`, … */
function upload(draw: Draw, { drafts }: World): { json: string; files: number } {
  const fields = draw.some(1, 2, (index) => {
    const { signatureRequestId, documentId } = draw.one(drafts);
    const target = `signatureRequestId: "${signatureRequestId}" documentId: "${documentId}"`;
    const call = draw.once(3)
      ? `validateDocument(input: { file: $f${index} })`
      : `uploadDocument(input: { ${target} file: $f${index} waitSeconds: 0 })`;
    return `a${index}: ${call} { __typename ... on Error { code message } }`;
  });
  const declared = fields.map((_, index) => `$f${index}: Upload!`).join(' ');
  const variables = fields.map((_, index) => `"f${index}":null`).join(',');
  const query = JSON.stringify(`mutation (${declared}) { ${fields.join(' ')} }`);
  return { json: `{"query":${query},"variables":{${variables}}}`, files: fields.length };
}

const mapOf = (files: number): string =>
  JSON.stringify(
    Object.fromEntries(Array.from({ length: files }, (_, index) => [index, [`variables.f${index}`]])),
  );

function hostileMap(draw: Draw): string {
  const entries = draw.some(0, draw.once(6) ? 12 : 3, () => {
    const paths = draw.some(0, 3, () => draw.one(PATHS));
    const value = draw.once(4)
      ? draw.one(['null', '1', '"x"', '{}', '[[]]', '[null]', '[1e999]'])
      : JSON.stringify(paths);
    return `${JSON.stringify(draw.one(['0', '1', '2', '', ...PROTOTYPE_NAMES]))}:${value}`;
  });
  return draw.one([`{${entries.join(',')}}`, '[]', 'null', '1', '""', '[["0"]]', `{"0":["variables.f0"]}`]);
}

const field = (name: string, text: string): Part => ({
  name,
  head: `Content-Disposition: form-data; name="${name}"`,
  content: Buffer.from(text),
});

function file(draw: Draw, name: string): Part {
  const filename = draw.once(6)
    ? draw
        .one(HOSTILE_TEXTS)
        .replaceAll(/[\r\n"]/g, '')
        .slice(0, 300)
    : 'a.pdf';
  const type = draw.once(6)
    ? draw.one(['', 'text/plain', 'multipart/mixed; boundary=b0undary', 'a', 'application/json'])
    : 'application/pdf';
  const content = draw.one([
    () => PDF,
    () => Buffer.concat([PDF, draw.bytes(200)]),
    () => draw.bytes(200),
    () => Buffer.alloc(0),
    () => Buffer.from(draw.one(HOSTILE_TEXTS)),
    // A long comment, and then a nearly valid end.
    () =>
      draw.once(4) ? Buffer.concat([PDF, Buffer.alloc(300_000, '%'), Buffer.alloc(2_000, NEARLY)]) : PDF,
  ])();
  const head = `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}`;
  return { name, head: draw.flaw(10) ? oddHead(draw, head) : head, content };
}

function oddHead(draw: Draw, head: string): string {
  return draw.one([
    () => draw.mutated(head, SPLINTERS),
    () => '',
    () => head.replaceAll('\r\n', '\n'),
    () => `${head}\r\nX-Long: ${'x'.repeat(draw.one([1_000, 20_000, 100_000]))}`,
    () => `${head}\r\n${Array.from({ length: 3_000 }, (_, index) => `X-${index}: 1`).join('\r\n')}`,
    () => `${head}\r\nContent-Transfer-Encoding: base64`,
    () => head.replace(/filename=.*/, `filename*=UTF-8''%00%ff${draw.one(['', '%', '%zz'])}`),
    () => head.replace('name=', 'NAME='),
    () => head.replace(/name="[^"]*"; /, ''),
  ])();
}

function assembled(draw: Draw, parts: readonly Part[], boundary: string): Buffer {
  const line = draw.flaw(20) ? '\n' : '\r\n';
  const pieces = parts.flatMap(({ head, content }) => [
    Buffer.from(`--${boundary}${draw.flaw(60) ? ' ' : ''}${line}${head}${line}${line}`),
    content,
    Buffer.from(draw.flaw(40) ? '' : line),
  ]);
  const preamble = draw.flaw(15) ? 'preamble\r\n' : '';
  const end = draw.flaw(12)
    ? draw.one(['', `--${boundary}`, '--', `--${boundary}--`])
    : `--${boundary}--${line}`;
  const epilogue = draw.flaw(15) ? `--${boundary}\r\n\r\nafter the end` : '';
  return Buffer.concat([Buffer.from(preamble), ...pieces, Buffer.from(end + epilogue)]);
}

/** Valid chunks of any size. */
function chunked(draw: Draw, body: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const piece = body.subarray(at, at + 1 + draw.number(draw.one([10, 500, 70_000])));
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
    at += piece.length;
    if (pieces.length > 300) {
      pieces.push(
        Buffer.from(`${(body.length - at).toString(16)}\r\n`),
        body.subarray(at),
        Buffer.from('\r\n'),
      );
      break;
    }
  }
  // An empty chunk would end the body.
  const whole = pieces.filter((_, index) => !(pieces[index]?.toString('latin1') === '0\r\n'));
  return Buffer.concat([...whole, Buffer.from('0\r\n\r\n')]);
}
