import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayContext } from '../context.ts';
import type { Attempt, Suspicion } from '../idempotency/attempt.ts';
import { canonical } from '../idempotency/fingerprint.ts';
import type {
  DocumentMetadata,
  SignatureField,
  SignatureRequest,
  SignatureRequestSummary,
} from '../upstream/decode.ts';
import { kindOfAbort } from '../upstream/deadline.ts';
import { UpstreamError } from '../upstream/errors.ts';
import { getDossier } from '../upstream/operations/get-dossier.ts';
import { getRequestsByDossier } from '../upstream/operations/get-requests-by-dossier.ts';
import { getSignatureRequest } from '../upstream/operations/get-signature-request.ts';
import type { DocumentInput, SignatureFieldInput } from './document-input.ts';
import { OutcomeUnknownError } from './errors.ts';
import { isWanted, PAGE_SIZE, requestsOfBefore } from './requests-of-before.ts';

/** What a signature request was asked to be. */
export interface WantedRequest {
  readonly dossierId: string;
  readonly signerId: string;
  readonly expiresAt?: Date | null | undefined;
  readonly documents?: readonly DocumentInput[] | null | undefined;
  /** The key stands for the uploads and all that follows too, so what it made may have come further than the request. */
  readonly goesOn?: boolean | undefined;
}

/** By how much the service's clock may differ from ours. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/**
 * The request that an earlier call with the same key has made without anybody knowing, if there is one. What cannot be
 * found is looked for once more when the service can no longer be at it.
 * @throws {OutcomeUnknownError} when several could be it, when it may still be on its way when the time is up, or when what
 * was forgotten has been marked ready: it may be somebody else's, so nobody goes on with it unasked.
 */
export async function requestMadeBefore(
  context: GatewayContext,
  attempt: Attempt,
  wanted: WantedRequest,
): Promise<SignatureRequest | undefined> {
  for (let isSettled = false; ; isSettled = true) {
    const { suspicion, unsettledMs } = attempt;
    if (suspicion === undefined) return undefined;
    const [found, ...others] = await candidates(context, attempt, wanted, suspicion).catch(
      (failure: unknown) => {
        if (suspicion.kind === 'unanswered' || context.signal.aborted) throw failure;
        return []; // no more than a suspicion: what cannot be read must not keep everybody from making requests
      },
    );
    if (others.length > 0 && suspicion.kind === 'unanswered')
      throw new OutcomeUnknownError('SEVERAL_REQUESTS');
    if (found !== undefined && others.length === 0) {
      if (suspicion.kind === 'forgotten' && found.status !== 'DRAFT')
        throw new OutcomeUnknownError('MADE_BEFORE_START', { signatureRequestId: found.id });
      if (await attempt.own(found.id)) return found;
    }
    if (unsettledMs === undefined || isSettled) {
      attempt.clear();
      return undefined;
    }
    if (unsettledMs > context.idempotency.times.wait) throw new OutcomeUnknownError('SIGNATURE_REQUEST');
    await settle(context, unsettledMs);
  }
}

async function settle({ signal }: GatewayContext, ms: number): Promise<void> {
  try {
    await pause(ms, undefined, { signal });
  } catch (cause) {
    const operation = 'createSignatureRequest';
    throw new UpstreamError({ operation, kind: kindOfAbort(signal.reason), cause });
  }
}

async function candidates(
  context: GatewayContext,
  attempt: Attempt,
  wanted: WantedRequest,
  suspicion: Suspicion,
): Promise<SignatureRequest[]> {
  const { upstream, signal } = context;
  const found: SignatureRequest[] = [];
  let documents: string | undefined;
  for (const summary of await listed(context, wanted, suspicion)) {
    if (await attempt.isForeign(summary.id)) continue;
    const request = await getSignatureRequest(upstream, summary.id, { signal });
    documents ??= canonical(await wantedDocuments(context, wanted));
    const asked = canonical(request.documents.map(({ title, fields }) => ({ title, fields })));
    if (asked === documents && mayBe(request)) found.push(request);
  }
  return found;

  function mayBe(request: SignatureRequest): boolean {
    if (suspicion.kind === 'unanswered') return true;
    return wanted.goesOn === true ? isWanted(request) : isUntouched(request);
  }
}

/** Requests of the dossier that could be it by what a list shows. */
async function listed(
  context: GatewayContext,
  { dossierId, signerId, expiresAt, goesOn }: WantedRequest,
  suspicion: Suspicion,
): Promise<SignatureRequestSummary[]> {
  const requests =
    suspicion.kind === 'forgotten'
      ? (await requestsOfBefore(context, dossierId, suspicion)).filter(
          ({ status }) => goesOn === true || status === 'DRAFT',
        )
      : await requestsSince(context, dossierId, suspicion.after - CLOCK_TOLERANCE_MS);
  return requests.filter(
    (request) =>
      request.signerId.toLowerCase() === signerId.toLowerCase() && expiresAsAsked(request, expiresAt),
  );
}

/** All pages: the latest come last, and nobody has promised even that. */
async function requestsSince(
  { upstream, signal }: GatewayContext,
  dossierId: string,
  since: number,
): Promise<SignatureRequestSummary[]> {
  const found: SignatureRequestSummary[] = [];
  let continuationToken: string | undefined;
  do {
    const params = { dossierId, limit: PAGE_SIZE, continuationToken };
    const page = await getRequestsByDossier(upstream, params, { signal });
    found.push(...page.items.filter(({ createdAt }) => createdAt.getTime() >= since));
    continuationToken = page.continuationToken;
  } while (continuationToken !== undefined);
  return found;
}

/** Without an expiry the service takes 90 days, and its manual says three months. */
function expiresAsAsked({ createdAt, expiresAt }: SignatureRequestSummary, asked?: Date | null): boolean {
  if (asked != null) return expiresAt.getTime() === asked.getTime();
  const days = (expiresAt.getTime() - createdAt.getTime()) / DAY_MS;
  return days > 88 && days < 93;
}

/** Nobody who knows its id has done anything with it. */
function isUntouched({ status, documents }: SignatureRequest): boolean {
  return status === 'DRAFT' && documents.every((document) => document.status === 'WAIT_FOR_UPLOAD');
}

/** As the service shows them. */
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
  if (box == null) throw new TypeError('a position is a name or a box');
  return { ...box };
}
