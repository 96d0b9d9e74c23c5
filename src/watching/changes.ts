import type { SignatureRequest } from '../upstream/decode.ts';

/** The result of one read of a request. Times are values of `performance.now()`. */
export interface StatusRead {
  readonly request: SignatureRequest;
  /** Equal for two reads that show the same state. */
  readonly state: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

export function readOf(request: SignatureRequest, startedAt: number): StatusRead {
  return { request, state: stateOf(request), startedAt, endedAt: performance.now() };
}

/**
 * Everything that a GraphQL client can see of a request, as one string. The query string of a link is left out, because
 * every read returns links with a new signature. Whether the request has expired is included, because the service has no
 * status for it.
 */
function stateOf(request: SignatureRequest): string {
  const documents = request.documents.map((document) => ({
    ...document,
    url: typeof document.url === 'string' ? document.url.replace(/\?.*/s, '') : document.url?.refusedFor,
  }));
  const hasExpired = Date.parse(request.expiresAt) <= Date.now();
  return JSON.stringify([{ ...request, documents }, hasExpired]);
}

/**
 * Whether a read shows a later state than another. The service may answer concurrent reads in any order: then its own
 * timestamps decide, and if they are equal, the read that started later wins.
 */
export function isLater(read: StatusRead, than: StatusRead): boolean {
  if (read.startedAt >= than.endedAt) return true;
  return read.startedAt > than.startedAt && !goesBack(read.request, than.request);
}

/** Whether a state is older than another, by the timestamps of the service. */
export function goesBack(request: SignatureRequest, than: SignatureRequest): boolean {
  if (request.updatedAt < than.updatedAt) return true;
  const isSameStatus = request.updatedAt === than.updatedAt;
  if (isSameStatus && request.notification === undefined && than.notification !== undefined) return true;
  return request.documents.some((document, index) => {
    const other = than.documents[index];
    return other?.id === document.id && document.updatedAt < other.updatedAt;
  });
}

/** Statuses that never change again. An unknown status is not final. */
const FINAL: readonly string[] = ['SIGNED', 'REJECTED', 'CANCELLED'];

export function isFinal({ status }: Pick<SignatureRequest, 'status'>): boolean {
  return FINAL.includes(status);
}
