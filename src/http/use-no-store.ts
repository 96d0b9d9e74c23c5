import type { Plugin } from 'graphql-yoga';

/**
 * Answers are for the one caller who asked. Caches keep nothing that was asked for with `Authorization` (RFC 9111,
 * section 3.5), but know nothing of `x-api-key`, and browsers keep what they like.
 */
export function useNoStore(): Plugin {
  return {
    onResponse({ response: { headers } }) {
      if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
    },
  };
}
