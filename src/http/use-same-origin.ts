import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import { isListed } from './cors.ts';

/**
 * Refuses what a web page of another origin sends. Forms and multipart bodies go out without asking first (the CORS
 * protocol calls them safelisted), so without CORS headers the page cannot read the answer, but the mutation happens.
 * Browsers say where a request comes from (Fetch Metadata, `Sec-Fetch-Site`; `Origin`), and no other client does.
 * Pages of the listed origins may send what they want.
 */
export function useSameOrigin(origins: readonly string[] = []): Plugin {
  return {
    onRequestParse: ({ request: { headers } }) => checkOrigin(headers, origins),
  };
}

/** @throws {GraphQLError} for what a page of another origin sends that is not listed. */
export function checkOrigin(headers: Headers, origins: readonly string[]): void {
  if (isForeign(headers, origins))
    throw createGraphQLError(
      'Web pages of another origin may not use this gateway. Serve them from its own, or list theirs in CORS_ORIGINS.',
      { extensions: { code: 'FORBIDDEN_ORIGIN', http: { status: 403 } } },
    );
}

function isForeign(headers: Headers, origins: readonly string[]): boolean {
  const origin = headers.get('origin');
  if (origin !== null && isListed(origin, origins)) return false;
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site !== 'same-origin' && site !== 'none';
  return origin !== null && URL.parse(origin)?.host !== headers.get('host');
}
