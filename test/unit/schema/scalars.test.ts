import { isScalarType, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../../src/schema/index.ts';

function scalar(name: string) {
  const type = schema.getType(name);
  if (!isScalarType(type)) throw new TypeError(`${name} is no scalar`);
  return type;
}

test.each([
  ['2026-06-30T23:59:59Z', '2026-06-30T23:59:59.000Z'],
  ['2026-06-30t23:59:59z', '2026-06-30T23:59:59.000Z'],
  ['2026-06-30t23:59:59Z', '2026-06-30T23:59:59.000Z'],
  ['2026-06-30T23:59:59z', '2026-06-30T23:59:59.000Z'],
  ['2026-06-30t23:59:59.5+02:00', '2026-06-30T21:59:59.500Z'],
  ['2026-06-30T23:59:59.123456789Z', '2026-06-30T23:59:59.123Z'],
  ['2026-06-30T23:59:59-00:00', '2026-06-30T23:59:59.000Z'],
  ['2024-02-29T00:00:00+14:00', '2024-02-28T10:00:00.000Z'],
])('the DateTime %s is read as %s', (text, moment) => {
  expect(scalar('DateTime').parseValue(text)).toEqual(new Date(moment));
});

test.each([
  '2026-06-30',
  '2026-06-30T23:59:59',
  '2026-06-30T23:59Z',
  '2026-06-30 23:59:59Z',
  '2026-06-30T23:59:59+0200',
  '2026-06-30T24:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-06-30T23:59:59Zz',
  'z2026-06-30T23:59:59Z',
  '2026-06-30tT23:59:59Z',
  ' 2026-06-30T23:59:59Z',
  '2026-06-30T23:59:59Z\n',
  '',
  1_782_863_999_000,
  null,
  ['2026-06-30T23:59:59Z'],
  {},
])('the DateTime %j is refused, and the message shows one', (value) => {
  expect(() => scalar('DateTime').parseValue(value)).toThrow(/such as 2026-06-30T23:59:59\+02:00/);
});

const inputOf = (field: string, input: string) => `mutation { ${field}(input: ${input}) { __typename } }`;

test.each([
  [inputOf('createSignatureRequest', '{ dossierId: "1", signerId: "2", expiresAt: "soon" }'), '"soon"'],
  [inputOf('createSignatureRequest', '{ dossierId: "1", signerId: "2", expiresAt: 2026 }'), '2026'],
  [inputOf('uploadDocument', '{ signatureRequestId: "1", documentId: "2", file: "a.pdf" }'), '"a.pdf"'],
])('the refusal of a literal has its location: %s', (operation, value) => {
  const [error, ...others] = validate(schema, parse(operation));
  expect(others).toEqual([]);
  expect(error?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(error?.locations).toEqual([{ line: 1, column: operation.indexOf(value) + 1 }]);
});

test('a DateTime literal is parsed like a variable', () => {
  const operation = inputOf(
    'createSignatureRequest',
    '{ dossierId: "1", signerId: "2", expiresAt: "2026-06-30t23:59:59z" }',
  );
  expect(validate(schema, parse(operation))).toEqual([]);
});

test('every custom scalar has a specification URL', () => {
  const own = Object.values(schema.getTypeMap())
    .filter(isScalarType)
    .filter(({ name }) => !['ID', 'String', 'Int', 'Float', 'Boolean'].includes(name));
  expect(own.map(({ name }) => name).toSorted()).toEqual(['DateTime', 'FiscalCode', 'URL', 'Upload']);
  expect(own.filter(({ specifiedByURL }) => !URL.canParse(specifiedByURL ?? ''))).toEqual([]);
});
