import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { CONTROL_CONTRACT, contractOperations } from '../../mocks/sandbox/http/contract.ts';
import { createEngine } from '../../mocks/sandbox/http/prism.ts';
import type { Exchange } from '../../mocks/sandbox/http/prism.ts';
import { control } from './support-control.ts';
import { START, sandboxForTest } from './support-issuer.ts';

type Json = Readonly<Record<string, unknown>>;

const document: Json = parse(readFileSync(CONTROL_CONTRACT, 'utf8'));
const objectAt = (parent: unknown, key: string): Json => Object(Object(parent)[key]);
const resolved = (node: unknown): Json => {
  const reference: unknown = Object(node)['$ref'];
  if (typeof reference !== 'string') return Object(node);
  return reference.split('/').slice(1).reduce(objectAt, document);
};

interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly node: Json;
}

const operations: readonly Operation[] = Object.entries(objectAt(document, 'paths')).flatMap(([path, item]) =>
  Object.entries(Object(item))
    .filter(([method]) => ['get', 'post', 'delete'].includes(method))
    .map(([method, node]) => ({ id: String(Object(node).operationId), method, path, node: Object(node) })),
);

const examplesOf = (holder: unknown): [contentType: string, name: string, value: unknown][] =>
  Object.entries(objectAt(holder, 'content')).flatMap(([contentType, media]) =>
    Object.entries(objectAt(media, 'examples')).map(
      ([name, example]) => [contentType, name, Object(example).value] as [string, string, unknown],
    ),
  );

const requests = operations.flatMap(({ node, ...operation }) =>
  examplesOf(node['requestBody']).map(([, name, value]) => ({ ...operation, name, value })),
);
const answers = operations.flatMap(({ node, ...operation }) =>
  Object.entries(objectAt(node, 'responses')).flatMap(([code, response]) =>
    examplesOf(resolved(response)).map(([contentType, name, value]) => ({
      ...operation,
      // Unlisted statuses match `default`; 400 represents them.
      status: code === 'default' ? Number(Object(value).status) : Number(code),
      contentType,
      name,
      value,
    })),
  ),
);

/** The violations of a call and its answer according to Prism. */
async function violationsOf(
  { method, path }: { readonly method: string; readonly path: string },
  body: unknown,
  answer: { readonly status: number; readonly contentType?: string; readonly value?: unknown },
): Promise<Exchange> {
  const exchange = await createEngine(CONTROL_CONTRACT);
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  return exchange(
    {
      method,
      path: path.replace('{id}', '1'),
      query: {},
      headers,
      bytes: Buffer.alloc(0),
      body,
      origin: 'http://localhost',
      remoteAddress: '',
    },
    undefined,
    async () => ({
      status: answer.status,
      headers: answer.contentType === undefined ? {} : { 'content-type': answer.contentType },
      body: answer.value,
    }),
  );
}

test('Prism reads the document without changes', async () => {
  const known = (await contractOperations(CONTROL_CONTRACT)).map(({ iid }) => iid);
  expect(known.toSorted()).toEqual(operations.map(({ id }) => id).toSorted());
});

test('describes each operation, with an example for each body and answer', () => {
  for (const { id, node } of operations) {
    expect(node, id).toMatchObject({ summary: expect.any(String), tags: [expect.any(String)] });
    if ('requestBody' in node)
      expect(
        requests.some((request) => request.id === id),
        id,
      ).toBe(true);
    for (const response of Object.values(objectAt(node, 'responses'))) {
      const { content, description } = resolved(response);
      expect(description, id).toEqual(expect.any(String));
      if (content !== undefined) expect(examplesOf(resolved(response)), id).not.toEqual([]);
    }
  }
});

test.each(requests)('has a valid request example: $id, $name', async ({ value, ...operation }) => {
  expect(await violationsOf(operation, value, { status: 418 })).toMatchObject({ requestViolations: [] });
});

test.each(answers)('has a valid answer example: $id $status, $name', async (answer) => {
  const { status, contentType, value } = answer;
  expect(await violationsOf(answer, {}, { status, contentType, value })).toMatchObject({
    responseViolations: [],
  });
});

test.each(requests.filter(({ id }) => id === 'seed' || id === 'addFault'))(
  'has an example that works: $id, $name',
  async ({ method, path, value }) => {
    const sandbox = await sandboxForTest({ frozenAt: START });
    expect(await control(sandbox, method.toUpperCase(), path, value)).toMatchObject({ status: 201 });
  },
);

// Prism accepts everything for a schema that it cannot compile, so each schema must refuse an input.
test.each(requests)('has a schema that works for the body of $id', async (operation) => {
  expect(await violationsOf(operation, { unknown: 1 }, { status: 418 })).toMatchObject({
    requestViolations: expect.arrayContaining([expect.stringMatching(/^body/)]),
  });
});

test.each(answers)('has a schema that works for $id $status, $name', async (answer) => {
  const { status, contentType } = answer;
  expect(await violationsOf(answer, {}, { status, contentType, value: 7 })).toMatchObject({
    responseViolations: expect.arrayContaining([expect.stringMatching(/^body/)]),
  });
});
