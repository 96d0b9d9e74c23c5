import { SERVICE_DELAYS_MS } from './clock.ts';
import { dossierScenario } from './scenarios.ts';
import type { DossierScenario } from './scenarios.ts';
import { markAsRejected, markAsSigned, markAsWaitForSignature } from './state-machine.ts';
import { createBlob } from '../storage/blob-store.ts';
import { SIGNED_DOCUMENTS, VALIDATED_DOCUMENTS } from '../storage/containers.ts';
import type { CitizenCopy, SignatureRequest } from './store.ts';
import type { Outcome, SignatureReport } from './task.ts';
import type { World } from './world.ts';

/** The reject reason of the service if files are missing, such as 90 days after their upload. */
const NO_SIGNED_FILE = 'Signed document not found!';

/** The citizen side's copy. Undefined until the request has reached the citizen side. */
export function citizenCopyOf({ store }: World, requestId: string): CitizenCopy | undefined {
  const copy = store.citizenCopies.get(requestId);
  if (copy !== undefined) return copy;
  const status = store.requests.get(requestId)?.status;
  if (status === undefined || status === 'DRAFT' || status === 'READY') return undefined;
  return { status, attempt: 0, agreedClauses: [] };
}

export function scenarioOf({ store }: World, { dossierId }: SignatureRequest): DossierScenario {
  return dossierScenario(store.dossiers.get(dossierId)?.title);
}

/** Schedules WAIT_FOR_SIGNATURE two queue hops after READY, unless a tag in the dossier title prevents it. */
export function sendToCitizen(world: World, request: SignatureRequest): void {
  if (scenarioOf(world, request).neverReady) return;
  world.clock.schedule(SERVICE_DELAYS_MS.waitForSignature, {
    kind: 'arrive-at-citizen',
    requestId: request.id,
  });
}

/** The citizen side has received the request. */
export function arriveAtCitizen(world: World, requestId: string): void {
  const request = world.store.requests.get(requestId);
  const next = request && markAsWaitForSignature(request, world.clock.now());
  if (next === undefined) return;
  world.store.requests.set(requestId, next);
  world.store.citizenCopies.set(requestId, { status: 'WAIT_FOR_SIGNATURE', attempt: 0, agreedClauses: [] });
  const { signsAfterMs } = scenarioOf(world, next);
  if (signsAfterMs !== undefined)
    world.clock.schedule(signsAfterMs, { kind: 'sign-automatically', requestId });
}

/** The citizen of a scenario signs, unless the request is already signed or expired. */
export function signAutomatically(world: World, requestId: string): void {
  const request = world.store.requests.get(requestId);
  const copy = citizenCopyOf(world, requestId);
  if (request === undefined || copy?.status !== 'WAIT_FOR_SIGNATURE') return;
  if (request.expiresAt <= world.clock.now()) return;
  beginSignature(world, request, copy, optionalClausesOf(request), scenarioOf(world, request).outcome);
}

/** The citizen has signed, and the trust provider processes the signature. 'pending' lasts until `complete`. */
export function beginSignature(
  world: World,
  { id: requestId }: SignatureRequest,
  copy: CitizenCopy,
  agreedClauses: readonly string[],
  outcome: Outcome | 'pending',
): CitizenCopy {
  const attempt = copy.attempt + 1;
  const next: CitizenCopy = { status: 'WAIT_FOR_QTSP', attempt, agreedClauses };
  world.store.citizenCopies.set(requestId, next);
  if (outcome !== 'pending') {
    world.clock.schedule(SERVICE_DELAYS_MS.trustProvider, {
      kind: 'finish-signature',
      requestId,
      attempt,
      outcome,
    });
  }
  return next;
}

/** The trust provider has finished. The citizen side changes at once, the issuer side a queue hop later. */
export async function finishSignature(
  world: World,
  requestId: string,
  attempt: number,
  outcome: Outcome,
): Promise<void> {
  const isAwaited = (copy: CitizenCopy | undefined): copy is CitizenCopy =>
    copy?.status === 'WAIT_FOR_QTSP' && copy.attempt === attempt;
  const copy = citizenCopyOf(world, requestId);
  const request = world.store.requests.get(requestId);
  if (request === undefined || !isAwaited(copy)) return;

  const files = outcome === 'signed' ? await signedFilesOf(world, request, copy.agreedClauses) : undefined;
  // Another event may have ended the signature meanwhile.
  if (!isAwaited(citizenCopyOf(world, requestId))) return;
  const failure = outcome === 'signed' ? NO_SIGNED_FILE : outcome.fails;
  const report: SignatureReport =
    files === undefined
      ? { status: 'REJECTED', rejectedAt: world.clock.now(), rejectReason: failure }
      : { status: 'SIGNED' };
  storeSigned(world, files ?? []);
  world.store.citizenCopies.set(requestId, { ...copy, status: report.status });
  world.clock.schedule(SERVICE_DELAYS_MS.queueHop, { kind: 'report-to-issuer', requestId, report });
}

/** The message of the citizen side has arrived. A late message is dropped: the first final status stays. */
export function reportToIssuer(world: World, requestId: string, report: SignatureReport): void {
  const request = world.store.requests.get(requestId);
  if (request === undefined) return;
  const now = world.clock.now();
  const next = report.status === 'SIGNED' ? markAsSigned(request, now) : markAsRejected(request, now, report);
  if (next !== undefined) world.store.requests.set(requestId, next);
}

/** Copies the record to the citizen side before the issuer's record changes alone. */
export function storeCitizenCopy(world: World, requestId: string): void {
  const copy = citizenCopyOf(world, requestId);
  if (copy !== undefined) world.store.citizenCopies.set(requestId, copy);
}

/** The issuer cancels; called before its own copy changes. The citizen side changes a queue hop later. */
export function sendCancellation(world: World, requestId: string): void {
  storeCitizenCopy(world, requestId);
  world.clock.schedule(SERVICE_DELAYS_MS.queueHop, { kind: 'cancel-at-citizen', requestId });
}

/** The issuer's cancellation has arrived. The citizen side accepts it only before a signature. */
export function cancelAtCitizen(world: World, requestId: string): void {
  const copy = world.store.citizenCopies.get(requestId);
  if (copy?.status !== 'WAIT_FOR_SIGNATURE') return;
  world.store.citizenCopies.set(requestId, { ...copy, status: 'CANCELLED' });
}

/**
 * Signs a waiting request with all clauses on both sides at once, for a cancellation that loses the race against a
 * signature. Has no effect on a request that cannot be signed.
 */
export async function signImmediately(world: World, requestId: string): Promise<void> {
  const request = world.store.requests.get(requestId);
  const copy = citizenCopyOf(world, requestId);
  if (request?.status !== 'WAIT_FOR_SIGNATURE' || copy === undefined) return;
  const clauses = optionalClausesOf(request);
  const files = await signedFilesOf(world, request, clauses);
  const current = world.store.requests.get(requestId);
  const next = current && markAsSigned(current, world.clock.now());
  if (files === undefined || next === undefined) return;
  storeSigned(world, files);
  world.store.citizenCopies.set(requestId, {
    status: 'SIGNED',
    attempt: copy.attempt + 1,
    agreedClauses: clauses,
  });
  world.store.requests.set(requestId, next);
}

/** Titles of the optional clauses. */
export function optionalClausesOf({ documents }: SignatureRequest): string[] {
  const clauses = documents.flatMap(({ metadata }) => metadata.signature_fields.map(({ clause }) => clause));
  return clauses.filter(({ type }) => type === 'OPTIONAL').map(({ title }) => title);
}

/** Whether all files still exist: they are deleted 90 days after their upload. */
export function hasAllFiles({ blobs }: World, { documents }: SignatureRequest): boolean {
  return documents.every(({ id }) => blobs.get(VALIDATED_DOCUMENTS, id) !== undefined);
}

interface SignedFile {
  readonly documentId: string;
  readonly bytes: Buffer;
}

/** Undefined if a file is missing. */
async function signedFilesOf(
  world: World,
  { documents }: SignatureRequest,
  agreedClauses: readonly string[],
): Promise<SignedFile[] | undefined> {
  const now = world.clock.now();
  const files: SignedFile[] = [];
  for (const { id, metadata } of documents) {
    const validated = world.blobs.get(VALIDATED_DOCUMENTS, id);
    if (validated === undefined) return undefined;
    const fields = metadata.signature_fields.filter(
      ({ clause }) => clause.type !== 'OPTIONAL' || agreedClauses.includes(clause.title),
    );
    files.push({ documentId: id, bytes: await world.pdfs.signed(validated.bytes(), fields, now) });
  }
  return files;
}

function storeSigned(world: World, files: readonly SignedFile[]): void {
  for (const { documentId, bytes } of files) {
    world.blobs.put(SIGNED_DOCUMENTS, documentId, createBlob([bytes], world.clock.now()));
  }
}
