import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { createOperationCache } from '../../../src/graphql/operation-cache.ts';

const DOCUMENT = parse('{ __typename }');

test('an operation that comes again is found, and one of a megabyte is not kept', () => {
  const { documentCache } = createOperationCache();
  documentCache.set('{ __typename }', DOCUMENT);
  documentCache.set(`{ __typename } # ${'x'.repeat(900_000)}`, DOCUMENT);
  expect([...documentCache.keys()]).toEqual(['{ __typename }']);
});

test('the oldest operations are let go', () => {
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
