import { z } from 'zod';
import { recordFault } from '../../observability/logging/request-scope.ts';
import type { GatewayContext } from '../context.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { DomainError, IdempotencyConflictError, OutcomeUnknownError } from '../errors/domain-errors.ts';
import { ServiceFaultError, UpstreamFault } from '../errors/faults.ts';
import { RequestSignatureIncompleteError } from '../errors/request-signature-error.ts';
import type { RequestSignatureStep } from '../errors/request-signature-error.ts';
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
   * @throws {RequestSignatureIncompleteError} @throws {IdempotencyConflictError} Faults of the gateway and aborts are thrown
   * unchanged.
   */
  async take<T>(step: RequestSignatureStep, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (failure) {
      // No step to continue from: the input differs, or the caller cannot be resolved.
      if (failure instanceof IdempotencyConflictError || isAboutCaller(failure)) throw failure;
      const cause = failure instanceof UpstreamFault ? new ServiceFaultError(failure) : failure;
      if (!(cause instanceof DomainError) || this.#context.signal.aborted) throw failure;
      if (failure instanceof UpstreamFault) recordFault(failure.cause);
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
