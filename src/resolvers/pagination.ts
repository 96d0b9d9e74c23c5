import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { SignatureRequestSummary } from '../upstream/decode.ts';
import { getRequestsByDossier } from '../upstream/operations/get-requests-by-dossier.ts';
import { orNull } from './signature-request.ts';
import { translated } from './translate-upstream-error.ts';

/** The service's bounds of a page. */
const SMALLEST_PAGE = 25;
const LARGEST_PAGE = 100;

export interface Edge {
  readonly cursor: string;
  readonly node: SignatureRequestSummary;
}

export interface Connection {
  readonly edges: readonly Edge[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
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
 * The requests of a dossier in the order of the service, which in practice is that of creation. The service pages
 * forward only, 25 to 100 at a time, and knows no total.
 * @returns `null` when there is no such dossier (any more).
 * @throws {InvalidPageError} for `first` outside 1 to 100 or a cursor that is not one of ours.
 */
export function requestsOfDossier(
  context: GatewayContext,
  dossierId: string,
  page: PageArguments,
): Promise<Connection | null> {
  return orNull(readPage(context, dossierId, page));
}

async function readPage(
  { upstream, signal }: GatewayContext,
  dossierId: string,
  { first, after }: PageArguments,
): Promise<Connection> {
  if (first < 1 || first > LARGEST_PAGE) throw new InvalidPageError(`first must be 1 to ${LARGEST_PAGE}.`);
  let position: Position = after == null ? { offset: 0 } : decodeCursor(after, dossierId);
  let isMore = true;
  const edges: Edge[] = [];
  while (edges.length < first && isMore) {
    const limit = Math.min(Math.max(position.offset + first - edges.length, SMALLEST_PAGE), LARGEST_PAGE);
    const params = { dossierId, limit, continuationToken: position.token };
    const page = await translated(getRequestsByDossier(upstream, params, { signal }));
    const { token } = position;
    const start = position.offset;
    const wanted = page.items.slice(start, start + first - edges.length);
    wanted.forEach((node, index) => {
      edges.push({ node, cursor: encodeCursor({ dossierId, token, offset: start + index + 1 }) });
    });
    const isRest = start + wanted.length < page.items.length;
    isMore = isRest || page.continuationToken !== undefined;
    if (page.continuationToken === undefined) break;
    position = { token: page.continuationToken, offset: Math.max(0, start - page.items.length) };
  }
  return { edges, pageInfo: { hasNextPage: isMore, endCursor: edges.at(-1)?.cursor ?? null } };
}

/** A token means nothing, or something else, in the list of another dossier, so a cursor says where it belongs. */
const cursorRules = z.object({
  dossierId: z.string(),
  token: z.string().min(1).optional(),
  offset: z.int().min(0).max(LARGEST_PAGE),
});

function encodeCursor(cursor: z.infer<typeof cursorRules>): string {
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
