import { setTimeout as pause } from 'node:timers/promises';
import { tenantOf } from '../../auth/caller.ts';
import type { GatewayContext } from '../context.ts';
import type { Attempt, ForgottenKey, Unresolved } from '../../idempotency/attempt.ts';
import { canonical } from '../../idempotency/idempotency-store.ts';
import type { Idempotency } from '../../idempotency/idempotency.ts';
import type {
  DocumentMetadata,
  SignatureField,
  SignatureRequest,
  SignatureRequestSummary,
} from '../../upstream/decode.ts';
import { kindOfAbort } from '../../upstream/pipeline/deadline.ts';
import { UpstreamError } from '../../upstream/failure.ts';
import { getDossier } from '../../upstream/operations/get-dossier.ts';
import { allItemsOf, getRequestsByDossier } from '../../upstream/operations/get-requests-by-dossier.ts';
import { getSignatureRequest } from '../../upstream/operations/get-signature-request.ts';
import type { DocumentInput, SignatureFieldInput } from './document-input.ts';
import { OutcomeUnknownError } from '../errors/domain-errors.ts';

/** The signature request that the caller wants to create. */
export interface WantedRequest {
  readonly dossierId: string;
  readonly signerId: string;
  readonly expiresAt?: Date | null | undefined;
  readonly documents?: readonly DocumentInput[] | null | undefined;
  /** Whether the key also covers the later steps, so that the request may be in a later status. */
  readonly goesOn?: boolean | undefined;
}

/** The maximum difference between the clock of the service and the estimate of it. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;
/** The maximum page size of the service. */
const PAGE_SIZE = 100;
/** The maximum number of pages that are read of one dossier. */
const MAX_PAGES = 10;
const MAX_DOSSIERS = 1_000;
const WANTED: readonly string[] = ['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE', 'SIGNED'];
const DAY_MS = 24 * 60 * 60_000;

/**
 * Finds the signature request that an earlier, unresolved call with the same key has created. A request matches if it was
 * created while that call may have been performed, no other key or call owns it, and it is the only one. If none is found,
 * it searches again after the settle time, when the service can no longer be processing the call. If one is found, it
 * searches again once all gateways have had the time to record the owners of what they created.
 * @throws {OutcomeUnknownError} if a match is not certain, or the settle time exceeds the time that a caller may wait.
 */
export async function findEarlierRequest(
  context: GatewayContext,
  attempt: Attempt,
  wanted: WantedRequest,
): Promise<SignatureRequest | undefined> {
  for (;;) {
    // Before anything is read, as it may be true only by then.
    const { unresolved, unsettledMs, ownersIncompleteMs } = attempt;
    if (unresolved === undefined) return undefined;
    const found = await candidates(context, attempt, wanted, unresolved);
    if (found.length > 0 && ownersIncompleteMs !== undefined) {
      await wait(context, ownersIncompleteMs);
      continue;
    }
    if (unresolved.kind === 'forgotten' && found.length > 0)
      throw new OutcomeUnknownError('FORGOTTEN_KEY', { signatureRequestId: onlyIdOf(found) });
    const [inTime, ...others] = found.filter((request) => isCertain(request, attempt.unresolved));
    if (others.length > 0) throw new OutcomeUnknownError('SEVERAL_REQUESTS');
    if (inTime !== undefined && (await attempt.take(inTime.id))) return inTime;
    if (unsettledMs === undefined) {
      if (found.length > 0 && inTime === undefined) throw new OutcomeUnknownError('UNCERTAIN_REQUEST');
      attempt.clear();
      return undefined;
    }
    await wait(context, unsettledMs);
  }
}

const onlyIdOf = ([found, ...others]: readonly SignatureRequest[]): string | undefined =>
  others.length === 0 ? found?.id : undefined;

function isInTime(
  { createdAt }: Pick<SignatureRequest, 'createdAt'>,
  unresolved: Unresolved | undefined,
  toleranceMs = 0,
): boolean {
  if (unresolved === undefined) return false;
  const time = Date.parse(createdAt);
  return time >= unresolved.createdAfter - toleranceMs && time <= unresolved.createdBefore + toleranceMs;
}

const isCertain = (request: SignatureRequest, unresolved: Unresolved | undefined): boolean =>
  unresolved?.kind === 'unanswered' && unresolved.areOwnersKnown && isInTime(request, unresolved);

async function wait({ signal, idempotency }: GatewayContext, ms: number): Promise<void> {
  if (ms > idempotency.times.wait) throw new OutcomeUnknownError('SIGNATURE_REQUEST');
  try {
    // A timer may fire up to a millisecond early: without the addition, a third search would follow.
    await pause(Math.ceil(ms) + 1, undefined, { signal });
  } catch (cause) {
    const operation = 'createSignatureRequest';
    throw new UpstreamError({ operation, kind: kindOfAbort(signal.reason), cause });
  }
}

/** The requests of the dossier that match in all but the creation time. */
async function candidates(
  context: GatewayContext,
  attempt: Attempt,
  wanted: WantedRequest,
  unresolved: Unresolved,
): Promise<SignatureRequest[]> {
  const { upstream, signal } = context;
  const found: SignatureRequest[] = [];
  let documents: string | undefined;
  for (const summary of await listed(context, attempt, wanted, unresolved)) {
    if (await attempt.isForeign(summary.id)) continue;
    const request = await getSignatureRequest(upstream, summary.id, { signal });
    documents ??= canonical(await wantedDocuments(context, wanted));
    const own = canonical(request.documents.map(({ title, fields }) => ({ title, fields })));
    if (own === documents && isPossible(request)) found.push(request);
  }
  return found;

  function isPossible(request: SignatureRequest): boolean {
    if (unresolved.kind === 'unanswered') return true;
    return wanted.goesOn === true ? isWanted(request) : isUntouched(request);
  }
}

/** The requests of the dossier that match in the fields of a list. */
async function listed(
  context: GatewayContext,
  attempt: Attempt,
  { dossierId, signerId, expiresAt, goesOn }: WantedRequest,
  unresolved: Unresolved,
): Promise<SignatureRequestSummary[]> {
  const requests =
    unresolved.kind === 'forgotten'
      ? (await requestsBeforeStore(context, dossierId, unresolved)).filter(
          ({ status }) => goesOn === true || status === 'DRAFT',
        )
      : await requestsMeanwhile(context, dossierId, attempt);
  return requests.filter(
    (request) => request.signerId.toLowerCase() === signerId.toLowerCase() && hasExpiry(request, expiresAt),
  );
}

/** Reads all pages: the latest requests come last, and the service does not guarantee even that. */
async function requestsMeanwhile(
  { upstream, signal }: GatewayContext,
  dossierId: string,
  attempt: Attempt,
): Promise<SignatureRequestSummary[]> {
  const found: SignatureRequestSummary[] = [];
  let continuationToken: string | undefined;
  do {
    const params = { dossierId, limit: PAGE_SIZE, continuationToken };
    const page = await getRequestsByDossier(upstream, params, { signal });
    // The response may have refined the estimate of the clock of the service, so read `unresolved` again.
    const { unresolved } = attempt;
    found.push(...allItemsOf(page).filter((request) => isInTime(request, unresolved, CLOCK_TOLERANCE_MS)));
    continuationToken = page.continuationToken;
  } while (continuationToken !== undefined);
  return found;
}

/** Without an expiry, the service uses 90 days; its manual says three months. */
function hasExpiry({ createdAt, expiresAt }: SignatureRequestSummary, wanted?: Date | null): boolean {
  if (wanted != null) return Date.parse(expiresAt) === wanted.getTime();
  const days = (Date.parse(expiresAt) - Date.parse(createdAt)) / DAY_MS;
  return days > 88 && days < 93;
}

/** Whether nothing has been done with the request since its creation. */
function isUntouched({ status, documents }: SignatureRequest): boolean {
  return status === 'DRAFT' && documents.every((document) => document.status === 'WAIT_FOR_UPLOAD');
}

/** The wanted documents, in the form in which the service returns them. */
async function wantedDocuments(
  { upstream, signal }: GatewayContext,
  { dossierId, documents }: WantedRequest,
): Promise<DocumentMetadata[]> {
  if (documents == null) return (await getDossier(upstream, dossierId, { signal })).documents;
  return documents.map(({ title, fields }) => ({
    title,
    fields: (fields ?? []).map(({ clause, position }) => ({
      clause: { ...clause },
      position: positionOf(position),
    })),
  }));
}

function positionOf({ uniqueName, box }: SignatureFieldInput['position']): SignatureField['position'] {
  if (uniqueName != null) return { uniqueName };
  if (box == null) throw new TypeError('the position has neither a name nor a box');
  return { ...box };
}

/** Whether a request counts as existing. A rejected or cancelled one does not prevent another. */
const isWanted = ({ status }: Pick<SignatureRequestSummary, 'status'>): boolean => WANTED.includes(status);

type Requests = Promise<readonly SignatureRequestSummary[]>;

/** Caches the requests of each dossier, which can only become fewer: by gateway, then by tenant, dossier and store. */
const known = new WeakMap<Idempotency, Map<string, Requests>>();

/** The requests of a dossier that are older than the key store and younger than the lifetime of a key, as of the first read. */
function requestsBeforeStore(
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
        const time = Date.parse(request.createdAt);
        return isWanted(request) && time >= after && time < before;
      }),
    );
    continuationToken = page.continuationToken;
    if (continuationToken === undefined) return requests;
  }
  // The latest requests come last, so a part of the list proves nothing.
  return [];
}
