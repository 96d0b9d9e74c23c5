import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';

/**
 * Refuses what a web page of another origin sends. Forms and multipart bodies go out without asking first (the CORS
 * protocol calls them safelisted), so without CORS headers the page cannot read the answer, but the mutation happens.
 * Browsers say where a request comes from (Fetch Metadata, `Sec-Fetch-Site`; `Origin`), and no other client does.
 */
export function useSameOrigin(): Plugin {
  return {
    onRequestParse({ request: { headers } }) {
      if (isForeign(headers))
        throw createGraphQLError(
          'Web pages of another origin may not use this gateway. Serve them from its own.',
          {
            extensions: { code: 'FORBIDDEN_ORIGIN', http: { status: 403 } },
          },
        );
    },
  };
}

function isForeign(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site !== 'same-origin' && site !== 'none';
  const origin = headers.get('origin');
  return origin !== null && URL.parse(origin)?.host !== headers.get('host');
}
