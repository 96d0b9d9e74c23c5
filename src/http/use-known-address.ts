import type { Plugin } from 'graphql-yoga';
import { refusal } from './error-response.ts';

/**
 * Answers addresses at which there is nothing with 404. Behind all plugins that have addresses of their own. Yoga's own
 * 404 has no body, and looks at the text of an address: `/nowhere?x=/graphql` would be one of GraphQL.
 */
export function useKnownAddress(): Plugin {
  return {
    onRequest({ url, fetchAPI, endResponse }) {
      if (url.pathname === '/graphql' || url.pathname === '/graphql/') return;
      endResponse(
        refusal(
          fetchAPI,
          404,
          'ADDRESS_NOT_FOUND',
          'There is nothing at this address. Send operations to /graphql.',
        ),
      );
    },
  };
}
