import type { SignatureRequest } from '../upstream/decode.ts';

/** A request as a read found it. Times are those of `performance.now()`. */
export interface StatusRead {
  readonly request: SignatureRequest;
  /** Two reads with the same value show the same state. */
  readonly state: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

export function readOf(request: SignatureRequest, startedAt: number): StatusRead {
  return { request, state: stateOf(request), startedAt, endedAt: performance.now() };
}

/**
 * All that a caller of the gateway can tell apart. Links to signed documents are made anew for each read, so they count
 * without what signs them; the expiry counts when it passes, as the service has no status for that.
 */
function stateOf(request: SignatureRequest): string {
  const documents = request.documents.map((document) => ({
    ...document,
    url: typeof document.url === 'string' ? document.url.replace(/\?.*/s, '') : document.url?.detail,
  }));
  const hasExpired = request.expiresAt.getTime() <= Date.now();
  return JSON.stringify([{ ...request, documents }, hasExpired]);
}

/**
 * Whether a read shows a later state than another. When they ran at the same time the service may have answered them in
 * any order: then the times that it gives decide, and without a difference the one that began later does.
 */
export function isLater(read: StatusRead, than: StatusRead): boolean {
  if (read.startedAt >= than.endedAt) return true;
  return read.startedAt > than.startedAt && !goesBack(read.request, than.request);
}

/** Whether a state is older than another, by the times that the service gives. */
export function goesBack(request: SignatureRequest, than: SignatureRequest): boolean {
  if (request.updatedAt < than.updatedAt) return true;
  const isSameStatus = request.updatedAt.getTime() === than.updatedAt.getTime();
  if (isSameStatus && request.notification === undefined && than.notification !== undefined) return true;
  return request.documents.some((document, index) => {
    const other = than.documents[index];
    return other?.id === document.id && document.updatedAt < other.updatedAt;
  });
}

/** The service says of these that nothing comes after them. A status that the gateway does not know is not one of them. */
const FINAL: readonly string[] = ['SIGNED', 'REJECTED', 'CANCELLED'];

export function isFinal({ status }: Pick<SignatureRequest, 'status'>): boolean {
  return FINAL.includes(status);
}
