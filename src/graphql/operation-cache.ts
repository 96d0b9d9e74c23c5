import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/**
 * Characters of the operations that are kept, which are the most that is known of their size before they are parsed.
 * An operation of short tokens takes 250 times its length when it is parsed.
 */
const MAX_CHARACTERS = 250_000;

/**
 * Operations that were parsed, and those that could not be, by their text. Yoga would keep 1,024 of each whatever their
 * size, and thousands of operations that differ in a comment of a megabyte would fill the memory.
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
