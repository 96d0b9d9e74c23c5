import { readdirSync, readFileSync } from 'node:fs';
import { getIntrospectionQuery } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { startGateway } from '../support/start-gateway.ts';

/** Deep, wide or long operations, and a part of the error message. None may reach the service. */
const REFUSED: readonly [attack: string, query: string, limit: number][] = [
  [
    'a cycle of types, followed several times',
    `{ signatureRequest(id: "1") ${'{ dossier { signatureRequests(first: 1) { nodes '.repeat(5)} { id } ${'} } }'.repeat(5)} }`,
    12,
  ],
  [
    'one field under hundreds of aliases',
    `{ dossier(id: "1") { ${Array.from({ length: 301 }, (_, n) => `a${n}: title`).join(' ')} } }`,
    300,
  ],
  [
    'fragments that double at each step',
    `{ dossier(id: "1") { ...F9 } } fragment F0 on Dossier { id title }
     ${Array.from({ length: 9 }, (_, n) => `fragment F${n + 1} on Dossier { ...F${n} ...F${n} }`).join(' ')}`,
    300,
  ],
  [
    'an upstream call under hundreds of aliases',
    `{ ${Array.from({ length: 260 }, (_, n) => `a${n}: __typename`).join(' ')}
       ${Array.from({ length: 20 }, (_, n) => `d${n}: dossier(id: "1") { signatureRequests(first: 20) { nodes { qrCode { link } } } }`).join(' ')} }`,
    300,
  ],
  [
    'the details of every item of large lists',
    `{ ${Array.from({ length: 3 }, (_, n) => `d${n}: dossier(id: "${n}") { signatureRequests(first: 100) { nodes { documents { id } } } }`).join(' ')} }`,
    250,
  ],
  [
    'lists within lists',
    '{ dossier(id: "1") { signatureRequests(first: 50) { nodes { dossier { signatureRequests(first: 50) { nodes { documents { id } } } } } } } }',
    250,
  ],
  [
    'waits one after another',
    `mutation { ${Array.from({ length: 10 }, (_, n) => `w${n}: markReady(input: { signatureRequestId: "1", waitSeconds: 55 }) { __typename }`).join(' ')} }`,
    250,
  ],
  [
    'the schema, many times',
    `{ __schema { types { fields { type { fields { ${Array.from({ length: 500 }, (_, n) => `a${n}: name`).join(' ')} } } } } } }`,
    400_000,
  ],
];

test.each(REFUSED)('%s: refused before execution', async (_, query, limit) => {
  const { run, sandbox } = await startGateway();
  const { data, errors } = await run(query);
  expect(data).toBeUndefined();
  expect(errors).toEqual([
    expect.objectContaining({
      message: expect.stringContaining(`${limit.toLocaleString('en')} are allowed`),
      extensions: { code: 'OPERATION_TOO_COSTLY', limit, actual: expect.any(Number) },
    }),
  ]);
  expect(errors?.[0]?.extensions['actual']).toBeGreaterThan(limit);
  expect(sandbox.journal.entries()).toEqual([]);
});

test('the page size counts also as a variable', async () => {
  const { run } = await startGateway();
  const query = `query ($first: Int!) {
    a: dossier(id: "1") { signatureRequests(first: $first) { nodes { documents { id } qrCode { link } notification { ioMessageId } } } } }`;
  // One call for the dossier, at most 4 for 300 items, and one for each item.
  expect((await run(query, { first: 300 })).errors?.[0]?.extensions).toMatchObject({
    code: 'OPERATION_TOO_COSTLY',
    actual: 305,
  });
  expect((await run(query, { first: 200 })).errors).toBeUndefined();
});

const ID = '01KJYMD75M8Q4V6W9X0Y2Z7A1C';
const SIGNER = '0d7a4e0c-6b0a-4f7e-9c1e-0f3d5b7a9c11';
test.each([
  ['markReady', { signatureRequestId: ID, waitSeconds: 0 }, { waitSeconds: 55 }],
  ['createSignatureRequest', { dossierId: ID, signerId: SIGNER }, { idempotencyKey: 'key' }],
])('the cost of %s is that of its input, also after a cheaper input', async (name, cheap, costly) => {
  const { run } = await startGateway({ protections: { maxOperationCost: 4 } });
  const type = `${name.replace(/^./, (letter) => letter.toUpperCase())}Input`;
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`;
  const costOf = async (input: object) => (await run(query, { input })).errors?.[0]?.extensions['actual'];
  expect(await costOf(cheap)).toBeUndefined();
  expect(await costOf({ ...cheap, ...costly })).toBeGreaterThan(4);
  expect(await costOf(cheap)).toBeUndefined();
});

test('fields that need the whole item cost one call per item, and each QR code image is counted', async () => {
  const { run } = await startGateway({ protections: { maxOperationCost: 24 } });
  const listOf = (fields: string) =>
    `{ dossier(id: "1") { signatureRequests(first: 20) { nodes { ${fields} } } } }`;
  const costOf = async (fields: string) =>
    (await run(listOf(fields))).errors?.[0]?.extensions['actual'] ?? 'allowed';
  expect(await costOf('id documents { id } qrCode { link } signedAt rejectReason')).toBe('allowed');
  expect(await costOf('documents { id } qrCode { a: image b: image(format: PNG) }')).toBe(63);
  expect(await costOf('documents { id } a: qrCode { image } b: qrCode { image }')).toBe(83);
  expect(await costOf('signedAt dossier { id }')).toBe(43);
});

test('the cost limit is configurable', async () => {
  const { run } = await startGateway({ protections: { maxOperationCost: 1 } });
  expect((await run('{ dossier(id: "1") { id } }')).errors).toBeUndefined();
  const two = await run('{ a: dossier(id: "1") { id } b: dossier(id: "2") { id } }');
  expect(two.errors?.[0]?.extensions).toMatchObject({ code: 'OPERATION_TOO_COSTLY', actual: 2, limit: 1 });
});

test('only the executed operation counts, including fields that @skip leaves out', async () => {
  const { run } = await startGateway({ protections: { maxOperationCost: 1 } });
  const query = `query A { dossier(id: "1") { id } } query B { a: dossier(id: "1") { id } b: dossier(id: "2") { id } }`;
  const only = (operationName: string) => run(query, {}, operationName);
  expect((await only('A')).errors).toBeUndefined();
  expect((await only('B')).errors?.[0]?.extensions).toMatchObject({ code: 'OPERATION_TOO_COSTLY' });
});

test('hundreds of directives are refused quickly, with a few errors', async () => {
  const { run } = await startGateway();
  const { errors } = await run(`{ __typename ${'@skip(if: false) '.repeat(150)} ${'@nope '.repeat(150)} }`);
  expect(errors).toHaveLength(10);
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
});

test('batched operations are refused, as JSON and as multipart', async () => {
  const { url, sandbox } = await startGateway();
  const batch = JSON.stringify([
    { query: '{ dossier(id: "1") { id } }' },
    { query: '{ dossier(id: "2") { id } }' },
  ]);
  const form = new FormData();
  form.set('operations', batch);
  form.set('map', '{}');
  for (const init of [{ body: batch, headers: { 'content-type': 'application/json' } }, { body: form }]) {
    const response = await fetch(url, { method: 'POST', ...init });
    expect({ status: response.status, text: await response.text() }).toEqual({
      status: 400,
      text: expect.stringContaining('Batching is not supported'),
    });
  }
  expect(sandbox.journal.entries()).toEqual([]);
});

test('ordinary operations are allowed: the introspection query of GraphiQL, and every example', async () => {
  const { run } = await startGateway();
  const introspection = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true });
  expect((await run(introspection)).errors).toBeUndefined();
  for (const name of readdirSync('examples').filter((file) => file.endsWith('.graphql'))) {
    const variables: object = JSON.parse(readFileSync(`examples/${name.replace('graphql', 'json')}`, 'utf8'));
    const { errors } = await run(readFileSync(`examples/${name}`, 'utf8'), variables);
    expect(errors?.map(({ extensions }) => extensions['code']) ?? [], name).not.toContain(
      'OPERATION_TOO_COSTLY',
    );
  }
});

test('every field of a root type states its cost', () => {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const fields = roots.flatMap((type) => Object.values(type?.getFields() ?? {}));
  expect(fields.length).toBeGreaterThan(12);
  expect(fields.filter(({ extensions }) => !extensions['complexity']).map(({ name }) => name)).toEqual([]);
});
