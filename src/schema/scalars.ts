import { valueFromASTUntyped } from 'graphql';
import type { ValueNode } from 'graphql';
import { createGraphQLError } from 'graphql-yoga';
import { z } from 'zod';
import { isFileUpload } from '../uploads/file-upload.ts';
import type { FileUpload } from '../uploads/file-upload.ts';
import { builder } from './builder.ts';

const refuse = (message: string, node?: ValueNode): Error =>
  createGraphQLError(message, { nodes: node ?? null, extensions: { code: 'BAD_USER_INPUT' } });

/** Values in an operation: as in variables, and a refusal says where in the operation it is about. */
function readLiteral<Value>(parse: (value: unknown, node?: ValueNode) => Value) {
  return (node: ValueNode): Value => parse(valueFromASTUntyped(node), node);
}

/**
 * RFC 3339 with an offset, `t` and `z` in either case (section 5.6). Refuses days that do not exist, which the service
 * would roll over into the next month.
 */
const rfc3339 = z
  .string()
  .transform((text) => text.replaceAll('t', 'T').replace(/z$/, 'Z'))
  .pipe(z.iso.datetime({ offset: true }));

function parseDateTime(value: unknown, node?: ValueNode): Date {
  const { data } = rfc3339.safeParse(value);
  if (data === undefined)
    throw refuse('A DateTime is RFC 3339 text with an offset, such as 2026-06-30T23:59:59+02:00.', node);
  return new Date(data);
}

function parseUpload(value: unknown, node?: ValueNode): FileUpload {
  if (isFileUpload(value)) return value;
  throw refuse(
    'An Upload is a file of a multipart request: send the variable as null and map a file to it.',
    node,
  );
}

builder.scalarType('DateTime', {
  description:
    'A moment as RFC 3339 text with an offset, such as `2026-06-30T23:59:59+02:00`. Answers are in UTC with milliseconds: `2026-06-30T21:59:59.000Z`.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (date) => date.toISOString(),
  parseValue: (value) => parseDateTime(value),
  parseLiteral: readLiteral(parseDateTime),
});

builder.scalarType('FiscalCode', {
  description:
    'The Italian tax code of a person, 16 characters in upper case. Accepted in variables of POST requests; never part of an answer, an error or a log.',
  // Of the Agenzia delle Entrate, which gives the codes out.
  specifiedByURL:
    'https://www.agenziaentrate.gov.it/portale/web/guest/schede/istanze/richiesta-ts_cf/informazioni-codificazione-pf',
  serialize: () => {
    throw new TypeError('fiscal codes are never answered');
  },
  // Anything is taken here and judged by the input rules: an error of this function would repeat the value.
  parseValue: (value) => (typeof value === 'string' ? value : ''),
});

builder.scalarType('URL', {
  description: 'An absolute URL (WHATWG URL Standard).',
  specifiedByURL: 'https://url.spec.whatwg.org/',
  serialize: (url) => url,
  parseValue: () => {
    throw refuse('URLs are not an input.');
  },
});

builder.scalarType('Upload', {
  description:
    'A file in a multipart request (GraphQL multipart request specification). Send the files in the order in which fields use them.',
  specifiedByURL: 'https://github.com/jaydenseric/graphql-multipart-request-spec',
  serialize: () => {
    throw new TypeError('files are an input only');
  },
  parseValue: (value) => parseUpload(value),
  parseLiteral: readLiteral(parseUpload),
});
