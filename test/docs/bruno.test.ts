import { globSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const FOLDER = 'examples/bruno';
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** The files of a collection that have a request. */
const requestsIn = (collection: string): string[] =>
  globSync(`${FOLDER}/${collection}/*.bru`).filter((file) => basename(file) !== 'collection.bru');

/** The blocks of a request: `name {`, lines that are indented by two spaces, `}`. */
function blocksOf(file: string): ReadonlyMap<string, string> {
  const blocks = [...readFileSync(file, 'utf8').matchAll(/^([\w:-]+) \{\n(.*?)^\}$/gms)];
  return new Map(blocks.map(([, name = '', body = '']) => [name, body.replaceAll(/^ {2}/gm, '')]));
}

/** The operation that a request sends: of a GraphQL body, or of the field `operations` of a multipart body. */
function queryOf(file: string): string {
  const blocks = blocksOf(file);
  const operations = /^operations: '''\n(.*?)^'''$/ms.exec(blocks.get('body:multipart-form') ?? '');
  if (operations === null) return blocks.get('body:graphql') ?? '';
  const { query }: { readonly query: string } = JSON.parse(operations[1] ?? '');
  return query;
}

test('the collection of operations has those of the examples, each in its latest form', () => {
  const files = requestsIn('graphql');
  const examples = readdirSync('examples').filter((name) => name.endsWith('.graphql'));
  const named = (file: string): string => basename(file, '.bru').replace(/-again$/, '');
  expect([...new Set(files.map(named))].toSorted()).toEqual(
    examples.map((name) => basename(name, '.graphql')).toSorted(),
  );
  for (const file of files)
    expect(queryOf(file), file).toBe(readFileSync(`examples/${named(file)}.graphql`, 'utf8'));
});

test('the collection of the control API has each of its calls', () => {
  const document: { readonly paths: Readonly<Record<string, object>> } = parse(
    readFileSync('mocks/sandbox-control.yaml', 'utf8'),
  );
  const calls = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => `${method} ${path}`),
  );
  const requests = requestsIn('sandbox-control').flatMap((file) => {
    const blocks = blocksOf(file);
    const method = METHODS.find((name) => blocks.has(name)) ?? '';
    const [, path = ''] = /^url: \{\{control\}\}([^?\n]+)/m.exec(blocks.get(method) ?? '') ?? [];
    return path === '' ? [] : [`${method} ${path.replaceAll(/\{\{\w+\}\}/g, '{id}')}`];
  });
  expect(requests.toSorted()).toEqual(calls.toSorted());
});

test('every request of the collections asserts its status', () => {
  for (const file of ['graphql', 'sandbox-control'].flatMap(requestsIn))
    expect(blocksOf(file).get('assert'), file).toMatch(/^res\.status: eq \d{3}$/m);
});
