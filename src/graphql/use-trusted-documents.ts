import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import { createGraphQLError } from 'graphql-yoga';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { DOCUMENT_ID } from './parsing/use-request-parser.ts';
import type { TrustedDocuments } from './trusted-documents.ts';

/** Runs only these documents, for every media type of the request. */
export function useTrustedDocuments(documents: TrustedDocuments): Plugin {
  const refusal = (code: string, message: string) => () =>
    createGraphQLError(message, { extensions: { code, http: { spec: true, status: 400 } } });
  return usePersistedOperations({
    allowArbitraryOperations: false,
    extractPersistedOperationId: hashOf,
    getPersistedOperation: (hash) => documents.get(hash) ?? null,
    customErrors: {
      persistedQueryOnly: refusal(
        'DOCUMENT_NOT_ALLOWED',
        'This gateway runs trusted documents only. Send documentId, and no query.',
      ),
      keyNotFound: refusal(
        'DOCUMENT_ID_MISSING',
        'This gateway runs trusted documents only. Send documentId.',
      ),
      notFound: refusal('DOCUMENT_NOT_TRUSTED', 'The document is not a trusted document of this gateway.'),
    },
  });
}

/** From `documentId`, with or without `sha256:`, or from the persisted query extension of Apollo. */
function hashOf(params: GraphQLParams & { readonly [DOCUMENT_ID]?: unknown }): string | null {
  const { persistedQuery } = params.extensions ?? {};
  const id =
    params[DOCUMENT_ID] ??
    (typeof persistedQuery === 'object' && persistedQuery !== null && 'sha256Hash' in persistedQuery
      ? persistedQuery.sha256Hash
      : undefined);
  return typeof id === 'string' ? id.replace(/^sha256:/, '').toLowerCase() : null;
}
