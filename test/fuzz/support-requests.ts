import type { Draw } from './support-draw.ts';
import { operation } from './support-operations.ts';
import type { Operation } from './support-operations.ts';
import { HOSTILE_TEXTS, PROTOTYPE_NAMES, Values } from './support-values.ts';
import type { World } from './support-world.ts';

/** The bytes of a complete request. */
export interface WireRequest {
  readonly bytes: Buffer;
  readonly isHead: boolean;
}

const NO_IDS = { id: [], dossierId: [], signatureRequestId: [], documentId: [], signerId: [] };
const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'application/json; charset=utf-16',
  'application/graphql+json',
  'application/graphql',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'application/octet-stream',
  '',
  'a/b; c="',
  'application/jsonx',
];
const ACCEPTS = [
  'application/json',
  'application/graphql-response+json',
  '*/*',
  'text/event-stream',
  'multipart/mixed',
  'text/html',
  'application/json;q=0',
  '',
  'a',
  'text/event-stream, application/json',
];
const TARGETS = [
  '/graphql',
  '/graphql/',
  '//graphql',
  '/graphql/x',
  '/',
  '/x',
  '/graphql?a=1',
  '/%67raphql',
  '/graphql/../graphql',
];
const METHODS = ['POST', 'GET', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH'];
const SPLINTERS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\ud800',
  '\u0000',
  'null',
  '1e999',
  '\ufeff',
  '"__proto__":',
];

/** A request for an operation as a client sends it, or nearly valid. */
export function request(draw: Draw, world: World): WireRequest {
  const sent = operation(draw, world.ids);
  const asAddress = draw.once(12);
  const method = asAddress && !draw.flaw(4) ? 'GET' : draw.flaw(10) ? draw.one(METHODS) : 'POST';
  const type = draw.flaw(5) ? draw.one(TYPES) : 'application/json';
  const body = asAddress ? '' : bodyOf(draw, sent, type);
  const target = asAddress
    ? `/graphql?${parametersOf(sent)}`
    : draw.once(20)
      ? draw.one(TARGETS)
      : '/graphql';
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${world.host}`,
    `Accept: ${draw.flaw(5) ? draw.one(ACCEPTS) : sent.isStream ? 'text/event-stream' : 'application/json'}`,
    ...(asAddress ? [] : [`Content-Type: ${type}`]),
    ...authorization(draw, world),
    ...oddHeaders(draw),
    ...(body === '' && draw.once(2) ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return { bytes: Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`), isHead: method === 'HEAD' };
}

export function authorization(draw: Draw, { credentials }: World): string[] {
  const [operator] = credentials;
  if (operator === undefined || draw.flaw(40)) return [];
  return [
    `Authorization: ${draw.flaw(4) ? draw.one([...credentials, 'Bearer', 'Basic YTpi', 'Bearer a b']) : operator}`,
  ];
}

/** A body that mostly matches the type. */
function bodyOf(draw: Draw, sent: Operation, type: string): string {
  if (type.includes('urlencoded')) return parametersOf(sent);
  if (type === 'application/graphql') return sent.query;
  const json = jsonOf(draw, sent);
  return draw.flaw(8) ? draw.mutated(json, SPLINTERS) : json;
}

/** The JSON of an operation, valid or not. */
export function jsonOf(draw: Draw, { query, variables, operationName }: Operation): string {
  const hostile = (): string => new Values(draw, NO_IDS).hostile().json;
  if (draw.flaw(60)) return hostile();
  const entries = [
    ['query', draw.flaw(60) ? hostile() : JSON.stringify(query)],
    ['variables', variables],
    ...(operationName === undefined ? [] : [['operationName', JSON.stringify(operationName)]]),
    ...(draw.flaw(25)
      ? [[draw.one(['extensions', 'operationName', 'id', ...PROTOTYPE_NAMES]), hostile()]]
      : []),
  ];
  const json = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
  return draw.flaw(60) ? `[${json},${json}]` : json;
}

function parametersOf({ query, variables, operationName }: Operation): string {
  const well = (text: string): string => encodeURIComponent(text.toWellFormed());
  const name = operationName === undefined ? '' : `&operationName=${well(operationName)}`;
  return `query=${well(query)}&variables=${well(variables)}${name}`;
}

/** Headers that browsers, proxies and attackers add. */
function oddHeaders(draw: Draw): string[] {
  if (!draw.flaw(3)) return [];
  const text = draw
    .one(HOSTILE_TEXTS)
    .replaceAll(/[\r\n\0]/g, '')
    .slice(0, 10_000);
  return draw.some(1, 2, () =>
    draw.one([
      'Origin: https://evil.example',
      'Origin: null',
      'Origin: https://portale.comune.example',
      `Origin: ${text}`,
      'Sec-Fetch-Site: cross-site',
      'Sec-Fetch-Site: none',
      `X-Forwarded-For: ${text}`,
      'X-Forwarded-For: 1, , ::1',
      `Cookie: ${text}`,
      `X-Request-Id: ${text}`,
      `Accept-Encoding: ${text}`,
      'Content-Encoding: gzip',
      'Expect: 100-continue',
      'Connection: close',
      'Connection: keep-alive, x',
      `If-None-Match: ${text}`,
      `X-Api-Key: ${text}`,
      'Range: bytes=0-1',
      'Upgrade: websocket',
      'X-HTTP-Method-Override: DELETE',
      'traceparent: 00-x',
    ]),
  );
}
