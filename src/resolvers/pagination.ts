import { z } from 'zod';
import type { GatewayContext } from './context.ts';
import type { SignatureRequestPage, SignatureRequestSummary } from '../upstream/decode.ts';
import { UpstreamError } from '../upstream/failure/upstream-error.ts';
import { getRequestsByDossier } from '../upstream/operations/get-requests-by-dossier.ts';
import { orNull } from './signature-request.ts';
import { translated, translateUpstreamError } from './errors/translate-upstream-error.ts';

/** The service's bounds of a page. */
const SMALLEST_PAGE = 25;
const LARGEST_PAGE = 100;
/** Ours: five of the service's. */
export const MAX_FIRST = 500;

export interface Edge {
  readonly cursor: string;
  /** An error stands for an item that cannot be read; its cursor is good all the same. */
  readonly node: SignatureRequestSummary | Error;
}

/** As Relay's specification has it. Pages before this one cannot be asked for, so there is never a previous page. */
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

/** A page of the service and how many of its items come before: the cursor of an item resumes behind it. */
interface Position {
  readonly token?: string | undefined;
  readonly offset: number;
}

/** The argument of a list is not usable. */
export class InvalidPageError extends Error {
  override readonly name = 'InvalidPageError';
}

/**
 * How many calls a page may take. One for each 100 items, and one more when it resumes in the middle of a page of the
 * service, or the service gives less than was asked for.
 */
export function mostCallsOf(first: number): number {
  return Math.ceil(Math.min(Math.max(first, 1), MAX_FIRST) / LARGEST_PAGE) + 1;
}

/**
 * The requests of a dossier in the order of the service, which in practice is that of creation: what is made meanwhile
 * comes at the end, and nothing moves. The service pages forward only, 25 to 100 at a time, and knows no total.
 *
 * A page has fewer than `first` items at the end of the list, and when the service gives less than was asked for.
 * @returns `null` when there is no such dossier (any more).
 * @throws {InvalidPageError} for `first` outside 1 to 500, a cursor that is not one of ours, or one that the service no
 * longer takes.
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
  if (first < 1 || first > MAX_FIRST) throw new InvalidPageError(`first must be 1 to ${MAX_FIRST}.`);
  let position: Position | undefined = after == null ? { offset: 0 } : decodeCursor(after, dossierId);
  const edges: Edge[] = [];
  const mostCalls = mostCallsOf(first);
  for (let calls = 0; calls < mostCalls && edges.length < first && position !== undefined; calls += 1) {
    const missing = first - edges.length;
    const limit = limitFor(position.offset + missing);
    const isOfCaller = calls === 0 && after != null;
    const page = await pageAt(context, { dossierId, limit, token: position.token, isOfCaller });
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

/** An unexpected error would be hidden from the caller, so it is one that the error table knows. */
function faultOf(failure: UpstreamError): Error {
  const fault = translateUpstreamError(failure);
  return fault instanceof Error ? fault : failure;
}

/** Shares of equal size, so that the last one leaves nothing over that would have to be read again. */
function limitFor(items: number): number {
  const share = Math.ceil(items / Math.ceil(items / LARGEST_PAGE));
  return Math.max(share, SMALLEST_PAGE);
}

/** Behind the last item of a page the next one begins. */
function positionBehind(page: SignatureRequestPage, token: string | undefined, items: number): Position {
  const isLast = items === page.items.length;
  if (isLast && page.continuationToken !== undefined) return { token: page.continuationToken, offset: 0 };
  return { token, offset: items };
}

/** Where the list goes on when `taken` items were wanted of this page; undefined at its end. */
function positionAfter(page: SignatureRequestPage, { token, offset }: Position, taken: number) {
  const end = offset + taken;
  if (end < page.items.length) return { token, offset: end };
  if (page.continuationToken === undefined) return undefined;
  // A page that is shorter than before is made up for by the next one.
  return { token: page.continuationToken, offset: Math.max(0, offset - page.items.length) };
}

interface ServicePage {
  readonly dossierId: string;
  readonly limit: number;
  readonly token: string | undefined;
  /** The token comes from a cursor of the caller. */
  readonly isOfCaller: boolean;
}

async function pageAt(
  { upstream, signal }: GatewayContext,
  { dossierId, limit, token, isOfCaller }: ServicePage,
): Promise<SignatureRequestPage> {
  const read = (continuationToken?: string): Promise<SignatureRequestPage> =>
    getRequestsByDossier(upstream, { dossierId, limit, continuationToken }, { signal });
  try {
    return await read(token);
  } catch (failure) {
    // The service has the same words for a token that it cannot read and for trouble with its database: with the latter
    // it cannot say how the list begins either.
    if (isOfCaller && token !== undefined && mayBeAboutToken(failure)) {
      await translated(read());
      throw new InvalidPageError('after is a cursor that no longer leads anywhere. Begin the list anew.', {
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

/** A token means nothing, or something else, in the list of another dossier, so a cursor says where it belongs. */
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
  throw new InvalidPageError('after is not a cursor of this list.', { cause });
}
