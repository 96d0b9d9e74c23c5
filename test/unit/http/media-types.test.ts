import { expect, test } from 'vitest';
import { acceptedOf, acceptsCoding, isUtf8, mediaTypeOf } from '../../../src/http/media-types.ts';

test.each([
  [null, '', {}],
  ['', '', {}],
  ['application/json', 'application/json', {}],
  ['Application/JSON', 'application/json', {}],
  [' application/json ;charset = UTF-8 ', 'application/json', { charset: 'UTF-8' }],
  ['application/json; charset="utf-8"', 'application/json', { charset: 'utf-8' }],
  ['application/json;;', 'application/json', {}],
  ['application/json, text/plain', 'application/json', {}],
  ['multipart/form-data; boundary=x;', 'multipart/form-data', { boundary: 'x' }],
  ['Multipart/Form-Data;Boundary="a,b;c \\" d"', 'multipart/form-data', { boundary: 'a,b;c " d' }],
  ['json', 'json', {}],
  ['application/json/x', 'application/json/x', {}],
])('%j has the media type %s and the parameters %j', (header, type, parameters) => {
  const parsed = mediaTypeOf(header);
  expect({ type: parsed.type, parameters: { ...parsed.parameters } }).toEqual({ type, parameters });
});

test.each([
  ['application/json', true],
  ['application/json; charset=utf-8', true],
  ['application/json; charset=UTF8', true],
  ['application/json; charset="Utf-8"', true],
  ['application/json; charset=iso-8859-1', false],
  ['application/json; charset=utf-16', false],
  ['application/json; charset=', false],
])('%s is of UTF-8: %s', (header, expected) => {
  expect(isUtf8(mediaTypeOf(header))).toBe(expected);
});

const JSON_TYPE = 'application/json';
const RESPONSE = 'application/graphql-response+json';
const EVENTS = 'text/event-stream';

test.each([
  [null, [JSON_TYPE, RESPONSE, EVENTS]],
  ['', [JSON_TYPE, RESPONSE, EVENTS]],
  ['*/*', [JSON_TYPE, RESPONSE, EVENTS]],
  ['application/*', [JSON_TYPE, RESPONSE]],
  ['APPLICATION/JSON ; charset=UTF-8', [JSON_TYPE]],
  ['application/json; charset="utf-8"', [JSON_TYPE]],
  ['application/json;odata=verbose;', [JSON_TYPE]],
  [`${RESPONSE}, ${JSON_TYPE};q=0.9`, [RESPONSE, JSON_TYPE]],
  [`${JSON_TYPE};q=0.9, ${RESPONSE}`, [RESPONSE, JSON_TYPE]],
  [`${RESPONSE},${JSON_TYPE}`, [RESPONSE, JSON_TYPE]],
  [`${RESPONSE}, */*`, [RESPONSE, JSON_TYPE, EVENTS]],
  [`${EVENTS};q=0, */*;q=0.1`, [JSON_TYPE, RESPONSE]],
  ['text/*;q=0, text/event-stream', [EVENTS]],
  ['text/event-stream ; q="0.5" , application/json;Q=1', [JSON_TYPE, EVENTS]],
  ['text/html, application/xml;q=0.9, */*;q=0.8', [JSON_TYPE, RESPONSE, EVENTS]],
  ['application/json; charset=iso-8859-1', []],
  ['application/json;q=none', []],
  ['text/html', []],
  ['*', []],
  ['json', []],
  [' , ', []],
])('%j accepts %j', (header, types) => {
  expect(acceptedOf(header, [JSON_TYPE, RESPONSE, EVENTS])).toEqual(types);
});

test.each([
  [null, false],
  ['gzip', true],
  ['br, GZIP;q=0.1', true],
  ['gzip;q=0', false],
  ['x-gzip', false],
])('%j takes gzip: %s', (header, expected) => {
  expect(acceptsCoding(header, 'gzip')).toBe(expected);
});
