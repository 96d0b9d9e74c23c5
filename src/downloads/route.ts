/** Which document a request is for. */
export interface DocumentAddress {
  readonly requestId: string;
  readonly documentId: string;
  /** `?download`: to be kept, not shown. */
  readonly isAttachment: boolean;
}

const ROUTE = /^\/documents\/([^/]+)\/([^/]+)\.pdf$/;

/** `/documents/{requestId}/{documentId}.pdf`. Undefined for any other address: it is for somebody else to answer. */
export function documentAddressOf(url: Pick<URL, 'pathname' | 'searchParams'>): DocumentAddress | undefined {
  const [, requestId, documentId] = ROUTE.exec(url.pathname) ?? [];
  if (requestId === undefined || documentId === undefined) return undefined;
  const ids = [decoded(requestId), decoded(documentId)] as const;
  const [request, document] = ids;
  if (request === undefined || document === undefined) return undefined;
  return { requestId: request, documentId: document, isAttachment: url.searchParams.has('download') };
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
