import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { FileUpload } from '../uploads/file-upload.ts';
import { readPdf } from '../uploads/read-pdf.ts';
import { storeFile } from '../uploads/store-file.ts';
import type { StoredFile } from '../uploads/store-file.ts';
import type { Document, SignatureRequest } from '../upstream/decode.ts';
import { getDocumentUploadUrl } from '../upstream/operations/get-document-upload-url.ts';
import { DocumentRejectedError, NotFoundError, WrongStatusError } from './errors.ts';
import { checkInput, waitSecondsRules } from './input-rules.ts';
import { readRequest } from './read-request.ts';
import { statusRefusal } from './status-refusal.ts';
import { translated } from './translate-upstream-error.ts';
import { translatedUpload } from './translate-upload-error.ts';
import { waitForRequest } from './wait-for-request.ts';

export interface UploadTarget {
  signatureRequestId: string;
  documentId: string;
}

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
 * anything is asked of the service; nothing is committed unless the whole file arrived.
 * @throws {NotFoundError} @throws {WrongStatusError} @throws {DocumentRejectedError} and the errors of files.
 */
export async function uploadDocument(
  context: GatewayContext,
  input: UploadDocumentInput,
): Promise<UploadedDocument> {
  checkInput(rules, input);
  const { storage, blocks, limits, signal } = context;
  let before: { request: SignatureRequest; document: Document } | undefined;
  const stored = await translatedUpload(
    storeFile(readPdf(input.file, { maxBytes: limits.maxUploadBytes, signal }), {
      storage,
      pool: blocks,
      signal,
      target: async () => {
        before = await uploadableDocument(context, input);
        return uploadUrlOf(context, input);
      },
    }),
  );
  if (before === undefined) throw new TypeError('a stored file has been asked for its target');
  const { document: old } = before;
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

/** A new address to upload to. The status is checked again by the service: somebody may have changed it meanwhile. */
export async function uploadUrlOf(context: GatewayContext, input: UploadTarget): Promise<string> {
  try {
    return await getDocumentUploadUrl(context.upstream, input, { signal: context.signal });
  } catch (failure) {
    throw await statusRefusal(context, input.signatureRequestId, ['DRAFT'], failure);
  }
}

function documentOf(request: SignatureRequest, id: string): Document {
  const document = request.documents.find((candidate) => candidate.id === id);
  if (document === undefined) throw new NotFoundError('DOCUMENT');
  return document;
}

/** `Last-Modified` has whole seconds, and storage and service have a clock each. */
const CLOCK_TOLERANCE_MS = 2_000;

/** Whether a document shows the outcome for this file, and not that of a file uploaded before it. */
function isOutcomeOf({ storedAt }: StoredFile, old: Document, now: Document): boolean {
  const isChanged = now.updatedAt.getTime() !== old.updatedAt.getTime();
  const isOfThisFile =
    now.uploadedAt !== undefined && now.uploadedAt.getTime() >= storedAt.getTime() - CLOCK_TOLERANCE_MS;
  return isChanged && isOfThisFile && (now.status === 'READY' || now.status === 'REJECTED');
}
