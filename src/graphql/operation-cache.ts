import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/**
 * The total characters of the cached operations. The length of an operation is known before it is parsed; a parsed operation
 * of short tokens takes 250 times that in memory.
 */
const MAX_CHARACTERS = 250_000;

/**
 * Caches parsed operations, and parse errors, by their text. Yoga would keep 1,024 of each of any size, so operations that
 * differ in a comment of a megabyte would fill the memory.
 */
export function createOperationCache() {
  return { documentCache: cacheOf<DocumentNode>(), errorCache: cacheOf<Error>() };
}

function cacheOf<Value extends object>(): LRUCache<string, Value> {
  return new LRUCache({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (_, text) => Math.max(text.length, 1),
  });
}
