import type { Readable } from 'node:stream';
import type { GatewayContext } from '../resolvers/context.ts';
import { downloadLinkOf } from '../resolvers/signature-request.ts';
import { NotFoundError } from '../resolvers/errors/domain-errors.ts';
import { readRequest } from '../resolvers/shared/read-request.ts';
import { getBlob, getBlobProperties } from '../upstream/storage/blobs.ts';
import type { BlobContent, BlobFacts } from '../upstream/storage/blobs.ts';
import { byteRangeOf, storageRangeOf, conditionsOf, isRangeOf, statusFor } from './conditional-requests.ts';
import type { Conditions } from './conditional-requests.ts';
import { contentDisposition } from './content-disposition.ts';
import { DownloadError, translatedRead } from './download-errors.ts';
import { documentHeaders } from './document-answer.ts';
import type { DocumentAddress } from './route.ts';
import type { RequestHeaders } from '../auth/headers.ts';

export interface DocumentQuery extends DocumentAddress {
  readonly method: 'GET' | 'HEAD';
  readonly headers: RequestHeaders;
}

export interface DocumentAnswer {
  readonly status: 200 | 206 | 304;
  readonly headers: Readonly<Record<string, string>>;
  /** The receiver reads it to its end or destroys it. */
  readonly body?: Readable;
}

/**
 * Streams a signed document from the storage without keeping any of it. Each download gets a new link, which clients never
 * see.
 *
 * The common case is one read of the request and one of the file. Conditions and suffix ranges first read the properties of
 * the file.
 * @param signal aborts the transfer when the client leaves, and at the end of a shutdown
 * @throws {DownloadError | UpstreamFault}
 */
export async function readDocument(
  context: GatewayContext,
  query: DocumentQuery,
  signal: AbortSignal,
): Promise<DocumentAnswer> {
  const { title, url } = await findDocument(context, query);
  const disposition = contentDisposition(title, query);
  const answer = (status: 200 | 206 | 304, facts: BlobFacts): DocumentAnswer => ({
    status,
    headers: documentHeaders(facts, { disposition, hasContent: status !== 304 }),
  });
  const properties = (): Promise<BlobFacts> =>
    translatedRead(getBlobProperties(context.storage, url, { signal }));
  const read = (range?: string, ifMatch?: string): Promise<BlobContent> =>
    translatedRead(getBlob(context.storage, url, { signal, range, ifMatch }));

  const conditions = conditionsOf(query.headers);
  const range = query.method === 'GET' ? byteRangeOf(query.headers.get('range')) : undefined;
  const isSimple = !hasAny(conditions) && (range === undefined || !('suffix' in range));
  const known = query.method === 'HEAD' || !isSimple ? await properties() : undefined;
  if (known !== undefined) {
    const status = statusFor(conditions, known);
    if (status === 412) throw new DownloadError('PRECONDITION_FAILED');
    if (status === 304 || query.method === 'HEAD') return answer(status, known);
  }
  if (range === undefined || (known !== undefined && !isRangeOf(conditions, known))) {
    const { body, ...facts } = await read(undefined, known?.etag);
    return { ...answer(200, facts), body };
  }
  const wanted = storageRangeOf(range, known?.contentLength);
  if (wanted === undefined) throw outside(known?.contentLength);
  const { body, ...facts } = await read(wanted, known?.etag).catch(async (failure: unknown) => {
    const isOutside = failure instanceof DownloadError && failure.code === 'RANGE_NOT_SATISFIABLE';
    // A refusal of the storage does not always contain the size of the file.
    throw isOutside ? outside((await properties()).contentLength) : failure;
  });
  return { ...answer(facts.contentRange === undefined ? 200 : 206, facts), body };
}

async function findDocument(
  context: GatewayContext,
  { requestId, documentId }: DocumentAddress,
): Promise<{ title: string; url: string }> {
  const request = await readRequest(context, requestId).catch((failure: unknown) => {
    throw failure instanceof NotFoundError ? new DownloadError('NOT_FOUND') : failure;
  });
  const document = request.documents.find(({ id }) => id === documentId);
  if (document === undefined || request.status !== 'SIGNED') throw new DownloadError('NOT_FOUND');
  const link = await translatedRead((async () => downloadLinkOf(request, document))());
  if (link === undefined)
    throw new DownloadError('DOWNLOAD_UNAVAILABLE', { headers: { 'retry-after': '5' } });
  return { title: document.title, url: link.url };
}

function hasAny(conditions: Conditions): boolean {
  return Object.values(conditions).some((value) => value !== null);
}

function outside(size: number | undefined): DownloadError {
  const headers = size === undefined ? {} : { 'content-range': `bytes */${size}` };
  return new DownloadError('RANGE_NOT_SATISFIABLE', { headers });
}
