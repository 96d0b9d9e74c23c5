import { z } from 'zod';
import type { Contents } from '../../inspection/inspection.ts';
import { recordFault } from '../../observability/logging/request-scope.ts';
import type { BlockPool } from '../../uploads/block-pool.ts';
import type { FileUpload } from '../../uploads/file-upload.ts';
import type { HeldFiles } from '../../uploads/held-files.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import type { GatewayContext } from '../context.ts';
import {
  DocumentsNotReadyError,
  DomainError,
  IdempotencyConflictError,
  OutcomeUnknownError,
  SignerUnavailableError,
  UploadInterruptedError,
  WrongStatusError,
} from '../errors/domain-errors.ts';
import { ServiceFaultError, UpstreamFault } from '../errors/faults.ts';
import { anchorsOf, queryOf, resolveFields } from '../shared/anchors.ts';
import type { DocumentInput } from '../shared/document-input.ts';
import { contentsOf, filesInMemory, holdFile } from '../shared/inspect-file.ts';
import { readRequest } from '../shared/read-request.ts';

/**
 * The progress of a `requestSignature`, as stored with its key: ids of the service, sizes and digests. The status of the
 * request and the notification are not part of it, because the service returns them.
 */
export const progressRules = z.object({
  signerId: z.string().optional(),
  dossierId: z.string().optional(),
  signatureRequestId: z.string().optional(),
  /** The digest of the documents whose anchors were replaced by boxes. */
  placement: z.string().optional(),
  /** In the order of the input; null for a file that has not been stored. */
  files: z.array(z.object({ documentId: z.string(), sizeBytes: z.number(), sha256: z.string() }).nullable()),
});

export type Progress = z.infer<typeof progressRules>;

export const noProgress = (): Progress => ({ files: [] });

/** Runs the steps of a `requestSignature`. The error of a failed step has the step and the progress before it. */
export class RequestSignatureSteps {
  readonly #context: GatewayContext;
  readonly #progress: Readonly<Progress>;

  constructor(context: GatewayContext, progress: Readonly<Progress>) {
    this.#context = context;
    this.#progress = progress;
  }

  /**
   * Runs a step.
   * @throws {RequestSignatureIncompleteError} @throws {IdempotencyConflictError} Faults of the gateway, and those of calls that
   * were aborted, are thrown unchanged.
   */
  async take<T>(step: RequestSignatureStep, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (failure) {
      // No step to continue from: the input differs, or the caller cannot be resolved.
      if (failure instanceof IdempotencyConflictError || isAboutCaller(failure)) throw failure;
      const cause = failure instanceof UpstreamFault ? new ServiceFaultError(failure) : failure;
      if (!(cause instanceof DomainError)) throw failure;
      if (failure instanceof UpstreamFault) {
        if (this.#context.signal.aborted) throw failure;
        recordFault(failure.cause);
      }
      throw await this.#incomplete(step, cause);
    }
  }

  async #incomplete(
    step: RequestSignatureStep,
    cause: DomainError,
  ): Promise<RequestSignatureIncompleteError> {
    const { signerId, dossierId } = this.#progress;
    const {
      signatureRequestId = cause instanceof OutcomeUnknownError ? cause.signatureRequestId : undefined,
    } = this.#progress;
    return new RequestSignatureIncompleteError(step, cause, {
      signerId,
      dossierId,
      signatureRequestId,
      signatureRequest: signatureRequestId === undefined ? undefined : await this.#read(signatureRequestId),
    });
  }

  /** The current request. A failure to read it must not hide the error of the step. */
  async #read(id: string): Promise<SignatureRequest | undefined> {
    try {
      return await readRequest(this.#context, id);
    } catch (failure) {
      if (failure instanceof DomainError || failure instanceof UpstreamFault) return undefined;
      throw failure;
    }
  }
}

function isAboutCaller(failure: unknown): boolean {
  return failure instanceof UpstreamFault && failure.code === 'CALLER_UNAVAILABLE';
}

interface DocumentWithFile extends DocumentInput {
  file: FileUpload;
}

/**
 * The files of documents whose fields have anchors. They are held in memory from the first one to the last one with anchors,
 * because they arrive in order and the boxes of all fields must be known before anything is created. Later files, and all files
 * without anchors, are streamed. Dispose of it when the files are stored.
 */
export class AnchoredFiles<Document extends DocumentWithFile> implements Disposable {
  readonly #context: GatewayContext;
  readonly #files: HeldFiles;
  #documents: readonly Document[];
  readonly #contents = new Map<number, Contents>();
  #held = 0;

  constructor(context: GatewayContext, documents: readonly Document[]) {
    this.#context = context;
    this.#documents = documents;
    // One block, with which the files are stored.
    this.#files = filesInMemory(context, { extraBlocks: 1 });
  }

  get hasAnchors(): boolean {
    return this.#documents.some(({ fields }) => anchorsOf(fields).length > 0);
  }

  /** The documents; a file that is held can be read more than once. */
  get documents(): readonly Document[] {
    return this.#documents;
  }

  /** The blocks with which to store the files. */
  get extra(): BlockPool {
    return this.#files.extra;
  }

  /** Reads the files and looks for the texts of the anchors, once. @throws {UnreadablePdfError} and the errors of files. */
  async inspect(): Promise<void> {
    const last = this.#documents.findLastIndex(({ fields }) => anchorsOf(fields).length > 0);
    for (; this.#held <= last; this.#held += 1) {
      const document = this.#documents[this.#held];
      if (document === undefined) return;
      const file = await holdFile(this.#context, this.#files, document.file);
      this.#documents = this.#documents.with(this.#held, { ...document, file: file.upload });
      const anchors = anchorsOf(document.fields);
      if (anchors.length > 0)
        this.#contents.set(this.#held, await contentsOf(this.#context, file, anchors.map(queryOf)));
    }
  }

  /**
   * The documents with boxes in place of anchors.
   * @throws {AnchorNotFoundError} @throws {InvalidInputError}
   */
  resolve(): Document[] {
    const searched = [...this.#contents].map(([index, contents]) => ({
      index,
      contents,
      fields: this.#documents[index]?.fields ?? [],
      path: ['documents', String(index), 'fields'],
    }));
    const resolved = new Map(
      resolveFields(searched).map((fields, nth) => [searched[nth]?.index, fields] as const),
    );
    return this.#documents.map((document, index) => ({
      ...document,
      fields: resolved.get(index) ?? document.fields,
    }));
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
  }
}

/** The steps of `requestSignature`, in order. */
export type RequestSignatureStep =
  | 'RESOLVE_ANCHORS'
  | 'FIND_SIGNER'
  | 'CREATE_DOSSIER'
  | 'CREATE_SIGNATURE_REQUEST'
  | 'UPLOAD_DOCUMENTS'
  | 'MARK_READY'
  | 'NOTIFY_SIGNER';

/** The records that an incomplete `requestSignature` has found or created. */
export interface RequestSignatureProgress {
  readonly signerId: string | undefined;
  readonly dossierId: string | undefined;
  readonly signatureRequestId: string | undefined;
  readonly signatureRequest: SignatureRequest | undefined;
}

const REMAINS = 'The effects of the earlier steps remain.';

/** What the caller does next, unless the message of the cause says it. */
function adviceAfter(cause: DomainError): string {
  // Its message says how to find out what happened, and whether to retry with the key.
  if (cause instanceof OutcomeUnknownError) return '';
  return isTemporary(cause)
    ? ' A retry with the same idempotencyKey continues from this step.'
    : ' Fix the cause and retry with the same idempotencyKey, or continue with the single mutations.';
}

/** Whether the caller has nothing to fix. */
function isTemporary(cause: DomainError): boolean {
  return (
    cause instanceof ServiceFaultError ||
    cause instanceof DocumentsNotReadyError ||
    cause instanceof UploadInterruptedError ||
    (cause instanceof SignerUnavailableError && cause.reason === 'PROFILE_UNAVAILABLE') ||
    // The service was still preparing the signature when the wait ended.
    (cause instanceof WrongStatusError && cause.status === 'READY')
  );
}

/** A step of `requestSignature` failed. The effects of the earlier steps remain. */
export class RequestSignatureIncompleteError extends DomainError {
  override readonly name = 'RequestSignatureIncompleteError';
  readonly code = 'REQUEST_SIGNATURE_INCOMPLETE';
  readonly step: RequestSignatureStep;
  override readonly cause: DomainError;
  readonly progress: RequestSignatureProgress;

  constructor(step: RequestSignatureStep, cause: DomainError, progress: RequestSignatureProgress) {
    const { dossierId, signatureRequestId } = progress;
    const remains = dossierId === undefined && signatureRequestId === undefined ? '' : ` ${REMAINS}`;
    super(`Step ${step}: ${cause.message}${remains}${adviceAfter(cause)}`);
    this.step = step;
    this.cause = cause;
    this.progress = progress;
  }
}
