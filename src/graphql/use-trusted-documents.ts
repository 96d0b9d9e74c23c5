import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import { createGraphQLError } from 'graphql-yoga';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { FORM_TYPE, mediaTypeOf } from '../http/media-types.ts';
import type { TrustedDocuments } from './trusted-documents.ts';

/** The parameter of GraphQL over HTTP that names a document. */
const DOCUMENT_ID = 'documentId';

/** Runs these documents and no others, whatever the form of the request: JSON, address, form or multipart. */
export function trustedDocumentsOnly(documents: TrustedDocuments): Plugin[] {
  const refusal = (code: string, message: string) => () =>
    createGraphQLError(message, { extensions: { code, http: { spec: true, status: 400 } } });
  const runTrusted: Plugin = usePersistedOperations({
    allowArbitraryOperations: false,
    extractPersistedOperationId: hashOf,
    getPersistedOperation: (hash) => documents.get(hash) ?? null,
    customErrors: {
      persistedQueryOnly: refusal(
        'DOCUMENT_NOT_ALLOWED',
        'Only trusted documents are run here: send documentId, and no query.',
      ),
      keyNotFound: refusal('DOCUMENT_ID_MISSING', 'Only trusted documents are run here: send documentId.'),
      notFound: refusal('DOCUMENT_NOT_TRUSTED', 'The document is not one of those that are run here.'),
    },
  });
  return [readDocumentId, runTrusted];
}

/** Yoga's parsers of addresses and forms drop every parameter that they do not know. */
const readDocumentId: Plugin = {
  onRequestParse({ request, url, requestParser, setRequestParser, fetchAPI }) {
    const isForm = mediaTypeOf(request.headers.get('content-type')).type === FORM_TYPE;
    const isGet = request.method === 'GET';
    if (requestParser === undefined || !(isGet || isForm)) return;
    setRequestParser(async (request) => {
      const { url: address, method, headers } = request;
      const body = isGet ? null : await request.text();
      const documentId = new URLSearchParams(body ?? url.search).get(DOCUMENT_ID);
      const params = await requestParser(new fetchAPI.Request(address, { method, headers, body }));
      return documentId === null ? params : { ...params, [DOCUMENT_ID]: documentId };
    });
  },
};

/** By `documentId`, with or without `sha256:`, or as Apollo's persisted queries say it. */
function hashOf(params: GraphQLParams & { readonly [DOCUMENT_ID]?: unknown }): string | null {
  const { persistedQuery } = params.extensions ?? {};
  const id =
    params[DOCUMENT_ID] ??
    (typeof persistedQuery === 'object' && persistedQuery !== null && 'sha256Hash' in persistedQuery
      ? persistedQuery.sha256Hash
      : undefined);
  return typeof id === 'string' ? id.replace(/^sha256:/, '').toLowerCase() : null;
}
