import { z } from 'zod';
import type { FileUpload } from '../../uploads/file-upload.ts';
import { withUploadEvents, readPdf, StartedPdf } from '../../uploads/read-upload.ts';
import { storeFile } from '../../uploads/store-file.ts';
import type { StoredFile } from '../../uploads/store-file.ts';
import type { Document, SignatureRequest } from '../../upstream/decode.ts';
import { UpstreamError } from '../../upstream/failure.ts';
import {
  getDocumentUploadUrl,
  UPLOAD_URL_LIFETIME_MS,
} from '../../upstream/operations/get-document-upload-url.ts';
import type { GatewayContext } from '../context.ts';
import {
  DocumentRejectedError,
  NotFoundError,
  UploadInterruptedError,
  WrongStatusError,
} from '../errors/domain-errors.ts';
import { translated, translatedUpload } from '../errors/translate-upstream-error.ts';
import { checkInput, waitSecondsRules } from '../shared/input-rules.ts';
import { invalidate, readRequest, statusRefusal } from '../shared/read-request.ts';
import { waitForRequest } from '../shared/wait-for-request.ts';

export interface UploadDocumentInput extends UploadTarget {
  file: FileUpload;
  waitSeconds: number;
}

export interface UploadedDocument extends Pick<StoredFile, 'sizeBytes' | 'sha256'> {
  readonly signatureRequest: SignatureRequest;
  readonly document: Document;
}

const rules = z.object({ waitSeconds: waitSecondsRules });

/** A document and its signature request before the upload, and the file that was stored. */
interface Upload {
  readonly request: SignatureRequest;
  readonly document: Document;
  readonly stored: StoredFile;
}

/**
 * Streams a PDF to the storage and waits until the service has validated it. The file exists in the storage only if it has
 * arrived completely. `onStored` is awaited before the wait.
 * @throws {NotFoundError} @throws {WrongStatusError} @throws {DocumentRejectedError} and the errors of files.
 */
export async function uploadDocument(
  context: GatewayContext,
  input: UploadDocumentInput,
  onStored?: (file: StoredFile) => Promise<void>,
): Promise<UploadedDocument> {
  checkInput(rules, input);
  const { events, limits, signal } = context;
  const file = readPdf(input.file, { maxBytes: limits.maxUploadBytes, signal });
  const { request, document, stored } = await translatedUpload(
    withUploadEvents(events, file, (pdf) => storePdf(context, input, pdf)),
  );
  invalidate(context, request.id);
  await onStored?.(stored);
  const signatureRequest = await translated(
    waitForRequest(context, request, {
      waitSeconds: input.waitSeconds,
      isDone: (now) => now.status !== 'DRAFT' || isOutcomeOf(stored, document, documentOf(now, document.id)),
    }),
  );
  const validated = documentOf(signatureRequest, document.id);
  if (validated.status === 'REJECTED' && isOutcomeOf(stored, document, validated))
    throw new DocumentRejectedError([validated]);
  const { sizeBytes, sha256 } = stored;
  return { signatureRequest, document: validated, sizeBytes, sha256 };
}

/** Waits for the first bytes before any upstream call, so that only a PDF gets an upload URL. */
async function storePdf(
  context: GatewayContext,
  target: UploadTarget,
  pdf: AsyncGenerator<Buffer, void, void>,
): Promise<Upload> {
  const { storage, blocks: pool, signal } = context;
  using started = await StartedPdf.from(pdf);
  const { request, document } = await uploadableDocument(context, target);
  const { url, expiresAt } = await requestUploadUrl(context, target);
  try {
    return { request, document, stored: await storeFile(started, url, { storage, pool, signal }) };
  } catch (failure) {
    throw isExpired(failure, expiresAt) ? new UploadInterruptedError({ cause: failure }) : failure;
  }
}

/** The document and its signature request, if the status allows an upload. */
export async function uploadableDocument(
  context: GatewayContext,
  { signatureRequestId, documentId }: UploadTarget,
): Promise<{ request: SignatureRequest; document: Document }> {
  const request = await readRequest(context, signatureRequestId);
  const document = documentOf(request, documentId);
  if (request.status !== 'DRAFT') throw new WrongStatusError(request.status, ['DRAFT']);
  return { request, document };
}

function documentOf(request: SignatureRequest, id: string): Document {
  const document = request.documents.find((candidate) => candidate.id === id);
  if (document === undefined) throw new NotFoundError('DOCUMENT');
  return document;
}

/** `Last-Modified` has whole seconds, and the clocks of gateway, storage and service differ. */
const CLOCK_TOLERANCE_MS = 2_000;

/**
 * Whether the upload URL expired while the file was arriving. A new URL leads to another blob, so the upload cannot continue
 * with it.
 */
function isExpired(failure: unknown, expiresAt: Date): boolean {
  return (
    failure instanceof UpstreamError &&
    failure.kind === 'forbidden' &&
    Date.now() >= expiresAt.getTime() - CLOCK_TOLERANCE_MS
  );
}

/** Whether the document shows the outcome of this file, and not of a file that was uploaded before. */
function isOutcomeOf({ storedAt }: StoredFile, old: Document, now: Document): boolean {
  const isChanged = now.updatedAt !== old.updatedAt;
  const isOfThisFile =
    now.uploadedAt !== undefined && Date.parse(now.uploadedAt) >= storedAt.getTime() - CLOCK_TOLERANCE_MS;
  return isChanged && isOfThisFile && (now.status === 'READY' || now.status === 'REJECTED');
}

export interface UploadTarget {
  signatureRequestId: string;
  documentId: string;
}

/** A pre-signed upload URL. A secret: it permits the upload without further credentials. */
export interface PresignedUrl {
  readonly url: string;
  readonly expiresAt: Date;
}

/** Requests a pre-signed upload URL. The service checks the status again: it may have changed since the last read. */
export async function requestUploadUrl(context: GatewayContext, target: UploadTarget): Promise<PresignedUrl> {
  try {
    const url = await getDocumentUploadUrl(context.upstream, target, { signal: context.signal });
    return { url, expiresAt: expiryOf(url) };
  } catch (failure) {
    throw await statusRefusal(context, target.signatureRequestId, ['DRAFT'], failure);
  }
}

/** The expiry in the URL (`se`), or the documented lifetime. */
function expiryOf(url: string): Date {
  const signedUntil = new Date(URL.parse(url)?.searchParams.get('se') ?? Number.NaN);
  return Number.isNaN(signedUntil.getTime()) ? new Date(Date.now() + UPLOAD_URL_LIFETIME_MS) : signedUntil;
}
