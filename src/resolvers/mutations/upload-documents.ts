import { createHash } from 'node:crypto';
import type { GatewayContext } from '../context.ts';
import type { FileUpload } from '../../uploads/file-upload.ts';
import { readPdf } from '../../uploads/read-upload.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { DocumentRejectedError, IdempotencyConflictError } from '../errors/domain-errors.ts';
import { areDocumentsChecked } from './mark-ready.ts';
import { readRequest } from '../shared/read-request.ts';
import { translatedUpload, translated } from '../errors/translate-upstream-error.ts';
import { uploadDocument } from './upload-document.ts';
import { waitForRequest } from '../shared/wait-for-request.ts';

/** The file that was stored for a document. */
export interface UploadedFile extends FileContent {
  readonly documentId: string;
}

interface FileContent {
  readonly sizeBytes: number;
  /** In lower-case hex. */
  readonly sha256: string;
}

/** Of files that were read to the end. They can be read once, and are compared again when the key went to another gateway. */
const contents = new WeakMap<FileUpload, FileContent>();

interface WithFile {
  readonly file: FileUpload;
}

export interface UploadDocumentsOptions {
  readonly waitSeconds: number;
  /** The stored files, in the order of the documents. Updated after each upload. */
  readonly stored: (UploadedFile | null)[];
  /** Called after each change of `stored`. */
  readonly save: () => Promise<void>;
}

/**
 * Uploads the files of the documents of a request and waits until the service has validated them. The files arrive one after
 * the other; the next one is read while earlier ones are being stored and validated.
 *
 * A file that is `stored` is compared and not sent again, unless the service has rejected it: then the new file replaces it.
 * @returns the current request. If the wait ended, the service may still be validating documents.
 * @throws {DocumentRejectedError} with all rejected documents. @throws {IdempotencyConflictError} if the content of a stored
 * file differs. Also the errors of files.
 */
export async function uploadDocuments(
  context: GatewayContext,
  request: SignatureRequest,
  inputs: readonly WithFile[],
  { waitSeconds, stored, save }: UploadDocumentsOptions,
): Promise<SignatureRequest> {
  const endsAt = performance.now() + waitSeconds * 1000;
  const uploads = inputs.map(async ({ file }, index) => {
    const document = request.documents[index];
    if (document === undefined) throw new TypeError('the request has fewer documents than the input');
    const before = stored[index];
    if (before != null && document.status !== 'REJECTED') return checkSameFile(context, file, before);
    // The request was marked ready meanwhile, so its files cannot be replaced.
    if (request.status !== 'DRAFT') return checkSameFile(context, file, undefined);
    const target = { signatureRequestId: request.id, documentId: document.id };
    await uploadDocument(context, { ...target, file, waitSeconds }, ({ sizeBytes, sha256 }) => {
      for (let at = stored.length; at < index; at += 1) stored[at] = null;
      stored[index] = { documentId: document.id, sizeBytes, sha256 };
      contents.set(file, { sizeBytes, sha256 });
      return save();
    });
  });
  // Wait for all uploads before reporting a failure, so that `stored` is complete.
  const outcomes = await Promise.allSettled(uploads);
  throwFailures(outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : [])));
  if (request.status !== 'DRAFT') return request;
  const left = Math.max(0, (endsAt - performance.now()) / 1000);
  const uploaded = await readRequest(context, request.id);
  const checked = await translated(
    waitForRequest(context, uploaded, { waitSeconds: left, isDone: areDocumentsChecked }),
  );
  const rejected = checked.documents.filter(({ status }) => status === 'REJECTED');
  if (rejected.length > 0) throw new DocumentRejectedError(rejected);
  return checked;
}

/** Throws the first failure, or one error with all documents if the service rejected documents only. */
function throwFailures(failures: readonly unknown[]): void {
  const other = failures.find((failure) => !(failure instanceof DocumentRejectedError));
  if (other !== undefined) throw other;
  const rejected = failures.flatMap((failure) =>
    failure instanceof DocumentRejectedError ? failure.documents : [],
  );
  if (rejected.length > 0) throw new DocumentRejectedError(rejected);
}

/** Reads files that are already stored. @throws {IdempotencyConflictError} if the content of one differs. */
export async function checkSameFiles(
  context: GatewayContext,
  inputs: readonly WithFile[],
  stored: readonly (UploadedFile | null)[],
): Promise<void> {
  await Promise.all(
    inputs.map(({ file }, index) => checkSameFile(context, file, stored[index] ?? undefined)),
  );
}

async function checkSameFile(
  context: GatewayContext,
  file: FileUpload,
  stored: UploadedFile | undefined,
): Promise<void> {
  const { sizeBytes, sha256 } = contents.get(file) ?? (await readContent(context, file));
  if (stored === undefined) return;
  if (sizeBytes !== stored.sizeBytes || sha256 !== stored.sha256) throw new IdempotencyConflictError();
}

async function readContent({ limits, signal }: GatewayContext, file: FileUpload): Promise<FileContent> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const read = async (): Promise<void> => {
    for await (const chunk of readPdf(file, { maxBytes: limits.maxUploadBytes, signal })) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  };
  await translatedUpload(read());
  const content = { sizeBytes, sha256: hash.digest('hex') };
  contents.set(file, content);
  return content;
}
