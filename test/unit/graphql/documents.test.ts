import { buildSchema, specifiedRules } from 'graphql';
import { expect, test } from 'vitest';
import { Documents } from '../../../src/graphql/documents.ts';

const documents = () => new Documents(buildSchema('type Query { a(first: Int): Int }'), specifiedRules);

/** Whether the same text is the same document, so that it is not parsed again. */
const isKept = (all: Documents, text: string): boolean => all.read(text) === all.read(text);

test('a document that is sent again is not parsed again, and one of a megabyte is not kept', () => {
  const all = documents();
  expect(isKept(all, '{ a }')).toBe(true);
  expect(isKept(all, `{ a } # ${'x'.repeat(900_000)}`)).toBe(false);
});

test('the documents that were used longest ago are removed first', () => {
  const all = documents();
  const textOf = (n: number): string => `{ a } # ${n}`.padEnd(1_000);
  const first = all.read(textOf(0));
  for (let n = 1; n < 250; n += 1) all.read(textOf(n));
  expect(all.read(textOf(0))).toBe(first);
  for (let n = 250; n < 600; n += 1) all.read(textOf(n));
  expect(all.read(textOf(0))).not.toBe(first);
});

test('a text that is not a document is refused each time', () => {
  const all = documents();
  for (let n = 0; n < 2; n += 1) expect(() => all.read('{')).toThrow('Syntax Error');
});

test('a document is validated once, and at most ten of its errors are shown', () => {
  const all = documents();
  const many = all.read(`{ ${Array.from({ length: 20 }, (_, n) => `b${n}`).join(' ')} }`);
  expect(many.errors).toHaveLength(10);
  expect(many.errors).toBe(many.errors);
});

test('an operation of a document is found by its name', () => {
  const document = documents().read('query A { a } query B { b: a }');
  expect(document.operation('B').node.name?.value).toBe('B');
  expect(document.operation('B')).toBe(document.operation('B'));
  for (const name of [undefined, 'C'])
    expect(() => document.operation(name)).toThrow('Could not determine what operation to execute.');
});
