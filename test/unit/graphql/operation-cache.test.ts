import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { createOperationCache } from '../../../src/graphql/operation-cache.ts';

const DOCUMENT = parse('{ __typename }');

test('a repeated operation is found, and an operation of a megabyte is not cached', () => {
  const { documentCache } = createOperationCache();
  documentCache.set('{ __typename }', DOCUMENT);
  documentCache.set(`{ __typename } # ${'x'.repeat(900_000)}`, DOCUMENT);
  expect([...documentCache.keys()]).toEqual(['{ __typename }']);
});

test('the oldest operations are evicted', () => {
  const { documentCache, errorCache } = createOperationCache();
  for (let n = 0; n < 2_000; n += 1) {
    documentCache.set(`${n}`.padStart(1_000), DOCUMENT);
    errorCache.set(`${n}`.padStart(1_000), new Error('no operation'));
  }
  for (const cache of [documentCache, errorCache]) {
    const kept = [...cache.keys()].map(Number);
    expect(kept).toHaveLength(250);
    expect(Math.min(...kept)).toBe(1_750);
  }
});
