import type { GatewayContext } from '../context.ts';
import { tenantOf } from '../../auth/caller.ts';
import type { ForgottenKey } from '../../idempotency/attempt.ts';
import type { Idempotency } from '../../idempotency/idempotency.ts';
import type { SignatureRequestSummary } from '../../upstream/decode.ts';
import { allItemsOf, getRequestsByDossier } from '../../upstream/operations/get-requests-by-dossier.ts';

/** The most that the service takes. */
export const PAGE_SIZE = 100;
/** Of a dossier: beyond, it is not worth the calls. */
const MAX_PAGES = 10;
const MAX_DOSSIERS = 1_000;
const WANTED: readonly string[] = ['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE', 'SIGNED'];

/** One that was rejected or cancelled is in nobody's way who wants another. */
export const isWanted = ({ status }: Pick<SignatureRequestSummary, 'status'>): boolean =>
  WANTED.includes(status);

type Requests = Promise<readonly SignatureRequestSummary[]>;

/** There are never more of them, so each dossier is looked through once. By the keys of a gateway, then by tenant, dossier and life of the store. */
const known = new WeakMap<Idempotency, Map<string, Requests>>();

/** Requests of a dossier that are older than the store of keys, and not older than a key can be. As they were when first read. */
export function requestsOfBefore(
  context: GatewayContext,
  dossierId: string,
  { createdAfter, createdBefore, storeSince }: ForgottenKey,
): Requests {
  const { idempotency, caller } = context;
  const byDossier = known.get(idempotency) ?? new Map<string, Requests>();
  known.set(idempotency, byDossier);
  const name = JSON.stringify([tenantOf(caller), dossierId, storeSince]);
  let requests = byDossier.get(name);
  if (requests === undefined) {
    requests = readRequests(context, dossierId, createdAfter, createdBefore);
    byDossier.set(name, requests);
    requests.catch(() => byDossier.delete(name));
    for (const oldest of byDossier.keys()) if (byDossier.size > MAX_DOSSIERS) byDossier.delete(oldest);
  }
  return requests;
}

async function readRequests(
  { upstream }: GatewayContext,
  dossierId: string,
  after: number,
  before: number,
): Requests {
  const requests: SignatureRequestSummary[] = [];
  let continuationToken: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const params = { dossierId, limit: PAGE_SIZE, continuationToken };
    // For all who ask, so it is not tied to the one who asked first.
    const page = await getRequestsByDossier(upstream, params);
    requests.push(
      ...allItemsOf(page).filter((request) => {
        const time = request.createdAt.getTime();
        return isWanted(request) && time >= after && time < before;
      }),
    );
    continuationToken = page.continuationToken;
    if (continuationToken === undefined) return requests;
  }
  // The latest come last, so a part of the list says nothing.
  return [];
}
