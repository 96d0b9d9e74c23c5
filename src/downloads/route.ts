/** The document that a request names. */
export interface DocumentAddress {
  readonly requestId: string;
  readonly documentId: string;
  /** `?download`: the browser saves the file instead of showing it. */
  readonly isAttachment: boolean;
}

const ROUTE = /^\/documents\/([^/]+)\/([^/]+)\.pdf$/;

/** `/documents/{requestId}/{documentId}.pdf`. Undefined for any other URL. */
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
