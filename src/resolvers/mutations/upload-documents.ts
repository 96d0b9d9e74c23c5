import { createHash } from 'node:crypto';
import type { GatewayContext } from '../context.ts';
import type { FileUpload } from '../../uploads/file-upload.ts';
import { readPdf } from '../../uploads/read-pdf.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { DocumentRejectedError, IdempotencyConflictError } from '../errors/domain-errors.ts';
import { areDocumentsChecked } from './mark-ready.ts';
import { readRequest } from '../shared/read-request.ts';
import { translatedUpload } from '../errors/translate-upload-error.ts';
import { translated } from '../errors/translate-upstream-error.ts';
import { uploadDocument } from './upload-document.ts';
import { waitForRequest } from '../shared/wait-for-request.ts';

/** What was stored for a document. */
export interface UploadedFile {
  readonly documentId: string;
  readonly sizeBytes: number;
  /** In lower-case hex. */
  readonly sha256: string;
}

interface WithFile {
  readonly file: FileUpload;
}

export interface UploadDocumentsOptions {
  readonly waitSeconds: number;
  /** What is stored already, by place. Kept up to date. */
  readonly stored: (UploadedFile | null)[];
  /** Called whenever `stored` has changed. */
  readonly save: () => Promise<void>;
}

/**
 * Uploads the file of each document of a request and waits for the service to check them. Files come one after the other;
 * while one is on its way to the storage the next is read already, and the service checks those before.
 *
 * A file that is `stored` is read and compared, and not sent again, unless the service has refused it: then whatever comes
 * takes its place.
 * @returns the request as it is then; documents may still be being checked when the time was up.
 * @throws {DocumentRejectedError} with all that were. @throws {IdempotencyConflictError} when a stored file comes with
 * another content, and the errors of files.
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
    if (document === undefined) throw new TypeError('the request has fewer documents than were asked for');
    const before = stored[index];
    if (before != null && document.status !== 'REJECTED') return checkSameFile(context, file, before);
    // Somebody has marked it ready, so no file can come in place of those that are there.
    if (request.status !== 'DRAFT') return checkSameFile(context, file, undefined);
    const target = { signatureRequestId: request.id, documentId: document.id };
    await uploadDocument(context, { ...target, file, waitSeconds }, ({ sizeBytes, sha256 }) => {
      for (let place = stored.length; place < index; place += 1) stored[place] = null;
      stored[index] = { documentId: document.id, sizeBytes, sha256 };
      return save();
    });
  });
  // All have ended before a failure is told: what was stored meanwhile is known then.
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

/** The first failure, or all documents that the service refused if that is all that went wrong. */
function throwFailures(failures: readonly unknown[]): void {
  const other = failures.find((failure) => !(failure instanceof DocumentRejectedError));
  if (other !== undefined) throw other;
  const rejected = failures.flatMap((failure) =>
    failure instanceof DocumentRejectedError ? failure.documents : [],
  );
  if (rejected.length > 0) throw new DocumentRejectedError(rejected);
}

/** Reads files that need not be sent. @throws {IdempotencyConflictError} when one is not what was stored. */
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
  { limits, signal }: GatewayContext,
  file: FileUpload,
  stored: UploadedFile | undefined,
): Promise<void> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const read = async (): Promise<void> => {
    for await (const chunk of readPdf(file, { maxBytes: limits.maxUploadBytes, signal })) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
  };
  await translatedUpload(read());
  if (stored === undefined) return;
  const isSame = sizeBytes === stored.sizeBytes && hash.digest('hex') === stored.sha256;
  if (!isSame) throw new IdempotencyConflictError();
}
