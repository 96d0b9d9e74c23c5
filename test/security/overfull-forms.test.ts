import { expect, test } from 'vitest';
import { multipartBody, PoliteClient } from '../support/multipart.ts';
import type { FormFile } from '../support/multipart.ts';
import { startGateway } from '../support/start-gateway.ts';

const VALIDATE = 'mutation ($f: Upload!) { validateDocument(input: { file: $f }) { __typename } }';
const operations = (variables: object = { f: null }): [string, string] => [
  'operations',
  JSON.stringify({ query: VALIDATE, variables }),
];
const mapOf = (map: unknown): [string, string] => ['map', JSON.stringify(map)];
const filesNamed = (...names: readonly string[]): FormFile[] =>
  names.map((name) => ({ name, content: Buffer.from('%PDF-1.7\n') }));

type Form = readonly [fields: readonly (readonly [string, string])[], files: readonly FormFile[]];

/** Sends a form, and after it an ordinary query on the same connection. */
async function send(url: string, [fields, files]: Form) {
  using client = new PoliteClient(Number(new URL(url).port));
  const { status, body } = await client.post(multipartBody(fields, files));
  const next = await client.post(
    multipartBody([['operations', '{"query":"{ __typename }"}'], mapOf({})], []),
  );
  expect(next.body.data).toEqual({ __typename: 'Query' });
  return { status, code: body.errors[0]?.['extensions']?.['code'] };
}

const NAMES = Array.from({ length: 11 }, (_, index) => String(index));

const FORMS: readonly [attack: string, form: Form, status: number][] = [
  [
    'more than ten files',
    [[operations(), mapOf(Object.fromEntries(NAMES.map((name) => [name, []])))], []],
    413,
  ],
  [
    'one file for thousands of variables',
    [
      [
        operations({ f: Array.from({ length: 5_000 }, () => null) }),
        mapOf({ 0: Array.from({ length: 5_000 }, (_, index) => `variables.f.${index}`) }),
      ],
      filesNamed('0'),
    ],
    400,
  ],
  [
    'thousands of fields before the operation',
    [
      [...Array.from({ length: 5_000 }, (_, index): [string, string] => [`x${index}`, 'x']), operations()],
      [],
    ],
    400,
  ],
  ['a file before the operation', [[], filesNamed('0')], 400],
  ['operations twice, which parsers resolve differently', [[operations(), operations(), mapOf({})], []], 400],
];

test.each(FORMS)(
  'a form with %s is refused, and the connection can be used again',
  async (_, form, status) => {
    const { url, sandbox } = await startGateway();
    const refusal = await send(url, form);
    expect(refusal).toEqual({ status, code: status === 413 ? 'REQUEST_ENTITY_TOO_LARGE' : 'BAD_REQUEST' });
    expect(sandbox.journal.entries()).toEqual([]);
  },
);

/** Paths of a map that lead to prototypes, which the whole process shares. */
test.each([
  'hasOwnProperty.polluted',
  'toString.polluted',
  'variables.hasOwnProperty.polluted',
  'variables.list.push.polluted',
  'variables.list.__proto__.polluted',
  'variables.text.split.polluted',
  'query.split.polluted',
  'variables.number.toFixed.polluted',
  '__proto__.polluted',
  'constructor.prototype.polluted',
  'variables.__proto__',
  'variables.list.length',
  'variables.toString',
])('a map with the path %s is refused', async (path) => {
  const { url } = await startGateway();
  const variables = { f: null, list: [], text: 'x', number: 1 };
  const form: Form = [[operations(variables), mapOf({ 0: [path] })], filesNamed('0')];
  expect(await send(url, form)).toEqual({ status: 400, code: 'BAD_REQUEST' });
  const shared = [Object, Array, String, Number].flatMap(({ prototype }) =>
    Object.values(Object.getOwnPropertyDescriptors(prototype)).map(({ value }): unknown => value),
  );
  expect(shared.filter((value) => typeof value === 'function' && 'polluted' in value)).toEqual([]);
  expect('polluted' in {}).toBe(false);
});
