import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { FileUpload } from '../../uploads/file-upload.ts';
import { withUploadEvents } from '../../uploads/upload-events.ts';
import { readPdf } from '../../uploads/read-pdf.ts';
import { storeFile } from '../../uploads/store-file.ts';
import type { StoredFile } from '../../uploads/store-file.ts';
import type { Document, SignatureRequest } from '../../upstream/decode.ts';
import { UpstreamError } from '../../upstream/failure/upstream-error.ts';
import {
  DocumentRejectedError,
  NotFoundError,
  UploadInterruptedError,
  WrongStatusError,
} from '../errors/domain-errors.ts';
import { checkInput, waitSecondsRules } from '../shared/input-rules.ts';
import { invalidate } from '../shared/invalidate.ts';
import { readRequest } from '../shared/read-request.ts';
import { translated } from '../errors/translate-upstream-error.ts';
import { translatedUpload } from '../errors/translate-upload-error.ts';
import { requestUploadUrl } from '../shared/upload-url.ts';
import type { UploadTarget } from '../shared/upload-url.ts';
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

/**
 * Streams a PDF into the storage and waits for the outcome of its validation. The first bytes are looked at before
 * anything is asked of the service; nothing is committed unless the whole file arrived. `onStored` is awaited once it is,
 * before the wait.
 * @throws {NotFoundError} @throws {WrongStatusError} @throws {DocumentRejectedError} and the errors of files.
 */
export async function uploadDocument(
  context: GatewayContext,
  input: UploadDocumentInput,
  onStored?: (file: StoredFile) => Promise<void>,
): Promise<UploadedDocument> {
  checkInput(rules, input);
  const { storage, blocks, events, limits, signal } = context;
  let before: { request: SignatureRequest; document: Document } | undefined;
  let expiresAt = new Date(Number.NaN);
  const target = async (): Promise<string> => {
    before = await uploadableDocument(context, input);
    const address = await requestUploadUrl(context, input);
    ({ expiresAt } = address);
    return address.url;
  };
  const file = readPdf(input.file, { maxBytes: limits.maxUploadBytes, signal });
  const storing = withUploadEvents(events, file, (pdf) =>
    storeFile(pdf, { storage, pool: blocks, signal, target }),
  );
  const stored = await translatedUpload(
    storing.catch((failure: unknown) => {
      throw isExpired(failure, expiresAt) ? new UploadInterruptedError() : failure;
    }),
  );
  if (before === undefined) throw new TypeError('a stored file has been asked for its target');
  const { document: old } = before;
  invalidate(context, before.request.id);
  await onStored?.(stored);
  const signatureRequest = await translated(
    waitForRequest(context, before.request, {
      waitSeconds: input.waitSeconds,
      isDone: (request) =>
        request.status !== 'DRAFT' || isOutcomeOf(stored, old, documentOf(request, old.id)),
    }),
  );
  const document = documentOf(signatureRequest, old.id);
  if (document.status === 'REJECTED' && isOutcomeOf(stored, old, document))
    throw new DocumentRejectedError([document]);
  return { signatureRequest, document, sizeBytes: stored.sizeBytes, sha256: stored.sha256 };
}

/** The request and the document, if the document may be uploaded now. */
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

/** `Last-Modified` has whole seconds, and gateway, storage and service have a clock each. */
const CLOCK_TOLERANCE_MS = 2_000;

/**
 * Whether the file took longer to arrive than its address lived, and not something is wrong with the storage. A new
 * address is one of another blob, so what has been stored cannot be gone on with.
 */
function isExpired(failure: unknown, expiresAt: Date): boolean {
  return (
    failure instanceof UpstreamError &&
    failure.kind === 'forbidden' &&
    Date.now() >= expiresAt.getTime() - CLOCK_TOLERANCE_MS
  );
}

/** Whether a document shows the outcome for this file, and not that of a file uploaded before it. */
function isOutcomeOf({ storedAt }: StoredFile, old: Document, now: Document): boolean {
  const isChanged = now.updatedAt.getTime() !== old.updatedAt.getTime();
  const isOfThisFile =
    now.uploadedAt !== undefined && now.uploadedAt.getTime() >= storedAt.getTime() - CLOCK_TOLERANCE_MS;
  return isChanged && isOfThisFile && (now.status === 'READY' || now.status === 'REJECTED');
}
