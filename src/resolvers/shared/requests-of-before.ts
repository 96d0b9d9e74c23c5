import type { GatewayContext } from '../context.ts';
import { tenantOf } from '../../auth/caller.ts';
import type { ForgottenKey } from '../../idempotency/attempt.ts';
import type { Idempotency } from '../../idempotency/idempotency.ts';
import type { SignatureRequestSummary } from '../../upstream/decode.ts';
import { allItemsOf, getRequestsByDossier } from '../../upstream/operations/get-requests-by-dossier.ts';

/** The maximum page size of the service. */
export const PAGE_SIZE = 100;
/** The maximum number of pages that are read of one dossier. */
const MAX_PAGES = 10;
const MAX_DOSSIERS = 1_000;
const WANTED: readonly string[] = ['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE', 'SIGNED'];

/** Whether a request counts as existing. A rejected or cancelled one does not prevent another. */
export const isWanted = ({ status }: Pick<SignatureRequestSummary, 'status'>): boolean =>
  WANTED.includes(status);

type Requests = Promise<readonly SignatureRequestSummary[]>;

/** Caches the requests of each dossier, which can only become fewer: by gateway, then by tenant, dossier and store. */
const known = new WeakMap<Idempotency, Map<string, Requests>>();

/** The requests of a dossier that are older than the key store and younger than the lifetime of a key, as of the first read. */
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
    // Shared by all callers, so the signal of the first one must not abort it.
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
  // The latest requests come last, so a part of the list proves nothing.
  return [];
}
