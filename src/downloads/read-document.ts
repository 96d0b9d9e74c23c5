import type { Readable } from 'node:stream';
import { create } from 'content-disposition';
import type { RequestHeaders } from '../auth/headers.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import { NotFoundError } from '../resolvers/errors/domain-errors.ts';
import { readRequest } from '../resolvers/shared/read-request.ts';
import { downloadLinkOf } from '../resolvers/signature-request.ts';
import { getBlob, getBlobProperties } from '../upstream/storage/blobs.ts';
import type { BlobContent, BlobFacts } from '../upstream/storage/blobs.ts';
import { documentHeaders, DownloadError, translatedRead } from './document-answer.ts';
import type { DocumentAddress } from './document-answer.ts';

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

/** The conditional headers of a request (RFC 9110, section 13.1). */
interface Conditions {
  readonly ifMatch: string | null;
  readonly ifNoneMatch: string | null;
  readonly ifModifiedSince: string | null;
  readonly ifUnmodifiedSince: string | null;
  readonly ifRange: string | null;
}

function conditionsOf(headers: RequestHeaders): Conditions {
  return {
    ifMatch: headers.get('if-match'),
    ifNoneMatch: headers.get('if-none-match'),
    ifModifiedSince: headers.get('if-modified-since'),
    ifUnmodifiedSince: headers.get('if-unmodified-since'),
    ifRange: headers.get('if-range'),
  };
}

type Facts = Pick<BlobFacts, 'etag' | 'lastModified'>;

/**
 * Evaluates the conditions in the order of RFC 9110, section 13.2.2. The storage supports some of these headers in a
 * different form, so they are evaluated here.
 */
function statusFor(conditions: Conditions, facts: Facts): 200 | 304 | 412 {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  const modifiedAt = timeOf(facts.lastModified);
  if (ifMatch !== null) {
    if (!names(ifMatch, facts.etag, isSameStrong)) return 412;
  } else if (ifUnmodifiedSince !== null) {
    const since = timeOf(ifUnmodifiedSince);
    if (since !== undefined && modifiedAt !== undefined && modifiedAt > since) return 412;
  }
  if (ifNoneMatch !== null) return names(ifNoneMatch, facts.etag, isSameWeak) ? 304 : 200;
  const since = timeOf(ifModifiedSince);
  return since !== undefined && modifiedAt !== undefined && modifiedAt <= since ? 304 : 200;
}

/** `If-Range` (section 13.1.5): whether the requested part belongs to the file of which the client has another part. */
function isRangeOf({ ifRange }: Conditions, facts: Facts): boolean {
  if (ifRange === null) return true;
  if (ifRange.includes('"')) return facts.etag !== undefined && isSameStrong(ifRange.trim(), facts.etag);
  // An exact match of the date. Its precision is one second, in which a file could change twice; signed files never change.
  const at = timeOf(ifRange);
  return at !== undefined && at === timeOf(facts.lastModified);
}

function names(header: string, etag: string | undefined, isSame: (a: string, b: string) => boolean): boolean {
  if (header.trim() === '*') return true;
  if (etag === undefined) return false;
  const listed = header.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return listed.some((tag) => isSame(tag, etag));
}

const isSameStrong = (a: string, b: string): boolean => a === b && !a.startsWith('W/');
const isSameWeak = (a: string, b: string): boolean => a.replace(/^W\//, '') === b.replace(/^W\//, '');

function timeOf(date: string | null | undefined): number | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/** Bytes of a file: from `first` to `last` inclusive or to the end, or the last `suffix` bytes. */
export type ByteRange =
  { readonly first: number; readonly last: number | undefined } | { readonly suffix: number };

/**
 * Parses a `Range` with one range of bytes (RFC 9110, section 14.1.2). Undefined for anything else, including several ranges:
 * the server then sends the whole file, as the RFC allows.
 */
function byteRangeOf(header: string | null): ByteRange | undefined {
  const [, first, last] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') return { suffix: Number(last) };
  const range = { first: Number(first), last: last === '' ? undefined : Number(last) };
  return range.last !== undefined && range.last < range.first ? undefined : range;
}

/**
 * The range in the form of the storage, which does not support suffix ranges: these need the size of the file.
 * @returns undefined when the range contains no byte of the file
 */
function storageRangeOf(range: ByteRange, size: number | undefined): string | undefined {
  if ('suffix' in range) {
    if (range.suffix === 0 || size === undefined || size === 0) return undefined;
    return `bytes=${Math.max(0, size - range.suffix)}-${size - 1}`;
  }
  if (size !== undefined && range.first >= size) return undefined;
  return `bytes=${range.first}-${range.last ?? ''}`;
}

/** In characters: file systems take 255 bytes, and a character of a title may need four. */
const MAX_NAME = 60;

/** Characters with a meaning for file systems or shells, and characters that disguise a name. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}"*/:<>?\\|%]+/gu;

/**
 * The `Content-Disposition` of a document. The file name is the title of the document: unchanged in `filename*`, and without
 * accents in `filename` for older clients.
 */
export function contentDisposition(
  title: string,
  { isAttachment }: { readonly isAttachment: boolean },
): string {
  const name = fileNameOf(title);
  const plain = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^\x20-\x7e]/gu, '_');
  return create(name, { type: isAttachment ? 'attachment' : 'inline', fallback: plain });
}

function fileNameOf(title: string): string {
  const clean = title
    .normalize('NFC')
    .replaceAll(UNSAFE, ' ')
    .replace(/\.pdf\s*$/i, '')
    .replaceAll(/\s+/g, ' ');
  // No hidden file, and no trailing characters that Windows removes.
  const stem = Array.from(clean)
    .slice(0, MAX_NAME)
    .join('')
    .replaceAll(/^[ .]+|[ .]+$/g, '');
  return `${stem === '' ? 'document' : stem}.pdf`;
}
