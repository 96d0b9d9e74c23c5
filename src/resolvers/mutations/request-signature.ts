import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ownFiscalCode } from '../../auth/caller.ts';
import type { GatewayContext } from '../context.ts';
import type { Attempt } from '../../idempotency/attempt.ts';
import type { Input } from '../../idempotency/idempotency-store.ts';
import { IdempotencyUnavailableError } from '../../idempotency/idempotency-store.ts';
import type { FileUpload } from '../../uploads/file-upload.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { createDossier } from './create-dossier.ts';
import { createSignatureRequest } from './create-signature-request.ts';
import { wireDocumentsOf, wireFieldOf } from '../shared/document-input.ts';
import type { DocumentInput } from '../shared/document-input.ts';
import { IdempotencyConflictError, InvalidInputError } from '../errors/domain-errors.ts';
import {
  AnchoredFiles,
  noProgress,
  progressRules,
  RequestSignatureSteps,
} from './request-signature-steps.ts';
import { findSigner } from './find-signer.ts';
import {
  checkInput,
  documentsWithFiles,
  expiresAtRules,
  fiscalCodeRules,
  idempotencyKeyRules,
  idRules,
  signerIdRules,
  supportEmailRules,
  titleRules,
  waitSecondsRules,
} from '../shared/input-rules.ts';
import { markReady, setReady } from './mark-ready.ts';
import { notifySigner } from './notify-signer.ts';
import { runOnce } from '../shared/run-once.ts';
import { readRequest } from '../shared/read-request.ts';
import type { Progress } from './request-signature-steps.ts';
import { checkSameFiles, uploadDocuments } from './upload-documents.ts';
import type { UploadedFile } from './upload-documents.ts';

/** The status that the request is to reach. */
export type RequestSignatureTarget = 'DRAFT' | 'READY' | 'WAIT_FOR_SIGNATURE';

export interface NewDossierInput {
  title: string;
  supportEmail?: string | null | undefined;
}

export interface RequestSignatureDocument extends DocumentInput {
  file: FileUpload;
}

export interface RequestSignatureInput {
  /** Exactly one of the two. */
  dossier: { id?: string | null | undefined; create?: NewDossierInput | null | undefined };
  /** Exactly one of the two. */
  signer: { id?: string | null | undefined; fiscalCode?: string | null | undefined };
  documents: readonly RequestSignatureDocument[];
  expiresAt?: Date | null | undefined;
  notify: boolean;
  until: RequestSignatureTarget;
  waitSeconds: number;
  idempotencyKey?: string | null | undefined;
}

export interface RequestedSignature {
  readonly signatureRequest: SignatureRequest;
  /** In the order of the input. */
  readonly files: readonly UploadedFile[];
}

/** The maximum number of files in a multipart request of the gateway. */
const MAX_DOCUMENTS = 10;

const rules = z.object({
  dossier: z.object({
    id: idRules('dossier').nullish(),
    create: z.object({ title: titleRules, supportEmail: supportEmailRules.nullish() }).nullish(),
  }),
  signer: z.object({ id: signerIdRules.nullish(), fiscalCode: fiscalCodeRules.nullish() }),
  documents: documentsWithFiles(MAX_DOCUMENTS),
  expiresAt: expiresAtRules.nullish(),
  waitSeconds: waitSecondsRules,
  idempotencyKey: idempotencyKeyRules.nullish(),
});
const kept = z.object({ progress: progressRules, signatureRequestId: z.string() });

/**
 * Performs all steps, each with the resolver of the single mutation. With an `idempotencyKey`, a retry continues from the
 * step at which the last attempt stopped: it reuses the records that were created, and compares stored files instead of
 * storing them again.
 * @throws {InvalidInputError} @throws {AnchorNotFoundError} before any effect. @throws {IdempotencyConflictError} also if the content of a stored file
 * differs. @throws {OutcomeUnknownError} while another call holds the key.
 * @throws {RequestSignatureIncompleteError} if a step fails.
 */
export async function requestSignature(
  context: GatewayContext,
  input: RequestSignatureInput,
): Promise<RequestedSignature> {
  checkInput(rules, input);
  checkDossierIsAllowed(context, input);
  const { idempotencyKey } = input;
  using files = new AnchoredFiles(context, input.documents);
  if (idempotencyKey == null) return await placeAndTakeSteps(context, input, files, noProgress());
  return await runOnce(context, {
    operation: 'requestSignature',
    idempotencyKey,
    input: identityOf(input),
    async run(attempt) {
      const progress = progressRules.optional().parse(attempt.progress) ?? noProgress();
      const value = await placeAndTakeSteps(context, input, files, progress, attempt);
      const { id: signatureRequestId } = value.signatureRequest;
      return { value, result: { progress: { ...progress }, signatureRequestId } };
    },
    async replay(result) {
      const { progress, signatureRequestId } = kept.parse(result);
      const [signatureRequest] = await Promise.all([
        readRequest(context, signatureRequestId),
        checkSameFiles(context, files.documents, progress.files),
      ]);
      return { signatureRequest, files: progress.files.flatMap((file) => file ?? []) };
    },
  });
}

/** Replaces the anchors of the fields by boxes before any effect. With the same key, they must get the same boxes. */
async function placeAndTakeSteps(
  context: GatewayContext,
  input: RequestSignatureInput,
  files: AnchoredFiles<RequestSignatureDocument>,
  progress: Progress,
  attempt?: Attempt,
): Promise<RequestedSignature> {
  if (!files.hasAnchors) return takeSteps(context, input, progress, attempt);
  const steps = new RequestSignatureSteps(context, progress);
  await steps.take('RESOLVE_ANCHORS', () => files.inspect());
  const documents = files.resolve();
  const placement = digestOf(JSON.stringify(wireDocumentsOf(documents)));
  if (progress.placement !== undefined && progress.placement !== placement)
    throw new IdempotencyConflictError();
  progress.placement = placement;
  return takeSteps({ ...context, blocks: files.extra }, { ...input, documents }, progress, attempt);
}

async function takeSteps(
  context: GatewayContext,
  input: RequestSignatureInput,
  progress: Progress,
  attempt?: Attempt,
): Promise<RequestedSignature> {
  const { notify, until } = input;
  const endsAt = performance.now() + input.waitSeconds * 1000;
  const secondsLeft = (): number => Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
  // Progress that cannot be stored is not lost: each step finds its outcome by its own key.
  const save = async (): Promise<void> => void (await attempt?.save({ ...progress }).catch(ifUnavailable));
  const steps = new RequestSignatureSteps(context, progress);

  progress.signerId ??= await steps.take('FIND_SIGNER', () => signerIdOf(context, input));
  const { signerId } = progress;
  progress.dossierId ??= await steps.take('CREATE_DOSSIER', () => dossierIdOf(context, input));
  const { dossierId } = progress;
  await save();

  let request = await steps.take('CREATE_SIGNATURE_REQUEST', () => {
    if (progress.signatureRequestId !== undefined) return readRequest(context, progress.signatureRequestId);
    const documents = input.dossier.id == null ? undefined : input.documents.map(plainDocument);
    const idempotencyKey = keyOfStep(input, 'createSignatureRequest');
    const { expiresAt } = input;
    const wanted = { dossierId, signerId, expiresAt, documents, idempotencyKey };
    return createSignatureRequest(context, wanted, { goesOn: true });
  });
  progress.signatureRequestId = request.id;
  await save();

  const { id: signatureRequestId } = request;
  const { files: stored } = progress;
  request = await steps.take('UPLOAD_DOCUMENTS', () =>
    uploadDocuments(context, request, input.documents, { waitSeconds: secondsLeft(), stored, save }),
  );
  if (until === 'READY' && request.status === 'DRAFT')
    request = await steps.take('MARK_READY', () => setReady(context, request));
  if (until === 'WAIT_FOR_SIGNATURE')
    request = await steps.take('MARK_READY', () =>
      markReady(context, { signatureRequestId, waitSeconds: secondsLeft() }),
    );
  if (until === 'WAIT_FOR_SIGNATURE' && notify && request.notification === undefined) {
    const idempotencyKey = keyOfStep(input, 'notifySigner');
    request = await steps.take('NOTIFY_SIGNER', () =>
      notifySigner(context, { signatureRequestId, waitSeconds: secondsLeft(), idempotencyKey }),
    );
  }
  return { signatureRequest: request, files: progress.files.flatMap((file) => file ?? []) };
}

async function signerIdOf(context: GatewayContext, { signer }: RequestSignatureInput): Promise<string> {
  if (signer.id != null) return signer.id;
  return (await findSigner(context, { fiscalCode: signer.fiscalCode ?? '' })).id;
}

async function dossierIdOf(context: GatewayContext, input: RequestSignatureInput): Promise<string> {
  const { id, create } = input.dossier;
  if (id != null) return id;
  if (create == null) throw new TypeError('the dossier has neither an id nor a title');
  const documents = input.documents.map(plainDocument);
  const idempotencyKey = keyOfStep(input, 'createDossier');
  return (await createDossier(context, { ...create, documents, idempotencyKey })).id;
}

/** A citizen cannot create a dossier, neither here nor with `createDossier`. */
function checkDossierIsAllowed({ caller }: GatewayContext, { dossier }: RequestSignatureInput): void {
  if (dossier.create == null || ownFiscalCode(caller) === undefined) return;
  const message = 'A citizen cannot create a dossier. Set `dossier.id` to the id of an existing one.';
  throw new InvalidInputError([{ path: ['dossier', 'create'], message }]);
}

function ifUnavailable(failure: unknown): void {
  if (!(failure instanceof IdempotencyUnavailableError)) throw failure;
}

const plainDocument = ({ title, fields }: RequestSignatureDocument): DocumentInput => ({ title, fields });

/** The input that identifies the operation: not the wait, and not the files, which are compared when they arrive. */
function identityOf({ dossier, signer, documents, expiresAt, notify, until }: RequestSignatureInput): Input {
  const { id, create } = dossier;
  return {
    dossier: { id, create: create && { ...create } },
    signer: { ...signer },
    documents: JSON.parse(JSON.stringify(documents.map(identityOfDocument))),
    expiresAt: expiresAt?.toISOString(),
    notify,
    until,
  };
}

function identityOfDocument({ title, fields }: RequestSignatureDocument) {
  const identities = (fields ?? []).map((field) =>
    field.position.anchor == null
      ? wireFieldOf(field)
      : { clause: field.clause, anchor: field.position.anchor },
  );
  return { title, signature_fields: identities };
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Each step has a separate key, so that it runs once, independent of the outcome of the others. */
function keyOfStep({ idempotencyKey }: RequestSignatureInput, step: string): string | undefined {
  if (idempotencyKey == null) return undefined;
  return `requestSignature.${step}.${digestOf(idempotencyKey)}`;
}
