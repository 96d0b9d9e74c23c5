import { z } from 'zod';
import type { GatewayContext } from './context.ts';
import type { SignatureRequestPage, SignatureRequestSummary } from '../upstream/decode.ts';
import { UpstreamError } from '../upstream/failure.ts';
import { getRequestsByDossier } from '../upstream/operations/get-requests-by-dossier.ts';
import { orNull } from './signature-request.ts';
import { translated, translateUpstreamError } from './errors/translate-upstream-error.ts';

/** The limits of the service for a page. */
const SMALLEST_PAGE = 25;
const LARGEST_PAGE = 100;
/** The limit of the gateway: five pages of the service. */
export const MAX_FIRST = 500;

export interface Edge {
  readonly cursor: string;
  /** An error for an item that breaks the contract. Its cursor is valid. */
  readonly node: SignatureRequestSummary | Error;
}

/** As in the Relay specification. Lists page forward only, so there is never a previous page. */
export interface PageInfo {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: false;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}

export interface Connection {
  readonly edges: readonly Edge[];
  readonly pageInfo: PageInfo;
}

export interface PageArguments {
  readonly first: number;
  readonly after?: string | null | undefined;
}

/** A page of the service and an offset in it. The cursor of an item is the position behind the item. */
interface Position {
  readonly token?: string | undefined;
  readonly offset: number;
}

/** An argument of a list is invalid. */
export class InvalidPageError extends Error {
  override readonly name = 'InvalidPageError';
}

/**
 * The maximum number of upstream calls for a page: one per 100 items, and one more for a page that starts in the middle of a
 * page of the service, or if the service returns fewer items than requested.
 */
export function mostCallsOf(first: number): number {
  return Math.ceil(Math.min(Math.max(first, 1), MAX_FIRST) / LARGEST_PAGE) + 1;
}

/**
 * The signature requests of a dossier in the order of the service, which in practice is the order of creation: new requests
 * come at the end. The service pages forward only, returns 25 to 100 items per page and no total count.
 *
 * A page has fewer than `first` items at the end of the list, and if the service returns fewer items than requested.
 * @returns `null` if the dossier does not exist.
 * @throws {InvalidPageError} for `first` outside 1 to 500, an invalid cursor, or one that the service no longer accepts.
 */
export function requestsOfDossier(
  context: GatewayContext,
  dossierId: string,
  page: PageArguments,
): Promise<Connection | null> {
  return orNull(readPage(context, dossierId, page));
}

async function readPage(
  context: GatewayContext,
  dossierId: string,
  { first, after }: PageArguments,
): Promise<Connection> {
  if (first < 1 || first > MAX_FIRST)
    throw new InvalidPageError(`The argument \`first\` must be from 1 to ${MAX_FIRST}.`);
  let position: Position | undefined = after == null ? { offset: 0 } : decodeCursor(after, dossierId);
  const edges: Edge[] = [];
  const mostCalls = mostCallsOf(first);
  for (let calls = 0; calls < mostCalls && edges.length < first && position !== undefined; calls += 1) {
    const missing = first - edges.length;
    const limit = limitFor(position.offset + missing);
    const isCursorToken = calls === 0 && after != null;
    const page = await pageAt(context, { dossierId, limit, token: position.token, isCursorToken });
    for (const [index, node] of page.items.entries()) {
      if (index < position.offset || index >= position.offset + missing) continue;
      const behind = positionBehind(page, position.token, index + 1);
      const readable = node instanceof UpstreamError ? faultOf(node) : node;
      edges.push({ node: readable, cursor: encodeCursor(dossierId, behind) });
    }
    position = positionAfter(page, position, missing);
  }
  const hasNextPage = position !== undefined;
  const startCursor = edges.at(0)?.cursor ?? null;
  const endCursor =
    edges.at(-1)?.cursor ?? (position === undefined ? null : encodeCursor(dossierId, position));
  return { edges, pageInfo: { hasNextPage, hasPreviousPage: false, startCursor, endCursor } };
}

/** Translates the failure, because the gateway masks unexpected errors. */
function faultOf(failure: UpstreamError): Error {
  const fault = translateUpstreamError(failure);
  return fault instanceof Error ? fault : failure;
}

/** Splits the items into pages of equal size, so that no item of the last page has to be read twice. */
function limitFor(items: number): number {
  const size = Math.ceil(items / Math.ceil(items / LARGEST_PAGE));
  return Math.max(size, SMALLEST_PAGE);
}

/** The position behind an item: the start of the next page for the last item. */
function positionBehind(page: SignatureRequestPage, token: string | undefined, items: number): Position {
  const isLast = items === page.items.length;
  if (isLast && page.continuationToken !== undefined) return { token: page.continuationToken, offset: 0 };
  return { token, offset: items };
}

/** The position behind `taken` items of this page. Undefined at the end of the list. */
function positionAfter(page: SignatureRequestPage, { token, offset }: Position, taken: number) {
  const end = offset + taken;
  if (end < page.items.length) return { token, offset: end };
  if (page.continuationToken === undefined) return undefined;
  // The page may be shorter than in the earlier read: continue at the next page.
  return { token: page.continuationToken, offset: Math.max(0, offset - page.items.length) };
}

interface ServicePage {
  readonly dossierId: string;
  readonly limit: number;
  readonly token: string | undefined;
  /** Whether the token comes from a cursor of the caller. */
  readonly isCursorToken: boolean;
}

async function pageAt(
  { upstream, signal }: GatewayContext,
  { dossierId, limit, token, isCursorToken }: ServicePage,
): Promise<SignatureRequestPage> {
  const read = (continuationToken?: string): Promise<SignatureRequestPage> =>
    getRequestsByDossier(upstream, { dossierId, limit, continuationToken }, { signal });
  try {
    return await read(token);
  } catch (failure) {
    // The service returns the same error for an invalid token and for a database failure. If it cannot return the first
    // page either, its database has failed.
    if (isCursorToken && token !== undefined && mayBeAboutToken(failure)) {
      await translated(read());
      throw new InvalidPageError('The cursor `after` is no longer valid. Read the list from its start.', {
        cause: failure,
      });
    }
    return await translated(Promise.reject<SignatureRequestPage>(failure));
  }
}

function mayBeAboutToken(failure: unknown): boolean {
  return (
    failure instanceof UpstreamError &&
    (failure.kind === 'server-error' || failure.kind === 'bad-request' || failure.kind === 'unprocessable')
  );
}

/** A cursor has the id of its dossier, because a token is meaningless in the list of another dossier. */
const cursorRules = z.object({
  dossierId: z.string(),
  token: z.string().min(1).optional(),
  offset: z.int().min(0).max(LARGEST_PAGE),
});

function encodeCursor(dossierId: string, { token, offset }: Position): string {
  const cursor = { dossierId, token, offset } satisfies z.infer<typeof cursorRules>;
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function decodeCursor(text: string, dossierId: string): Position {
  let cause: unknown;
  try {
    const cursor = cursorRules.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    if (cursor.dossierId === dossierId) return cursor;
  } catch (unreadable) {
    cause = unreadable;
  }
  throw new InvalidPageError('The argument `after` must be a cursor of this list.', { cause });
}
