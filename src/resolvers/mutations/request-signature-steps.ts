import type { GatewayContext } from '../context.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { DomainError, IdempotencyConflictError, OutcomeUnknownError } from '../errors/domain-errors.ts';
import { ServiceFaultError, UpstreamFault } from '../errors/faults.ts';
import { RequestSignatureIncompleteError } from '../errors/request-signature-error.ts';
import type { RequestSignatureStep } from '../errors/request-signature-error.ts';
import { readRequest } from '../shared/read-request.ts';
import type { Progress } from './request-signature-progress.ts';

/** The steps of a `requestSignature`: whatever goes wrong in one is told with the step, and with how far it came. */
export class RequestSignatureSteps {
  readonly #context: GatewayContext;
  readonly #progress: Readonly<Progress>;

  constructor(context: GatewayContext, progress: Readonly<Progress>) {
    this.#context = context;
    this.#progress = progress;
  }

  /**
   * @throws {RequestSignatureIncompleteError} @throws {IdempotencyConflictError}, and what is a fault of the gateway or the
   * leaving of its caller, as they are.
   */
  async take<T>(step: RequestSignatureStep, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (failure) {
      // Nothing that one could go on from: the input is another, or nothing is known to be the caller's.
      if (failure instanceof IdempotencyConflictError || isAboutCaller(failure)) throw failure;
      const cause = failure instanceof UpstreamFault ? new ServiceFaultError(failure) : failure;
      if (!(cause instanceof DomainError) || this.#context.signal.aborted) throw failure;
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

  /** The request as it stands. That it cannot be read now is no reason to say less about what went wrong. */
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
