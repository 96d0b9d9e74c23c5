import type { SignatureRequest } from '../../upstream/decode.ts';
import { DomainError } from './domain-errors.ts';

/** Steps of `requestSignature`, in order. */
export type RequestSignatureStep =
  | 'FIND_SIGNER'
  | 'CREATE_DOSSIER'
  | 'CREATE_SIGNATURE_REQUEST'
  | 'UPLOAD_DOCUMENTS'
  | 'MARK_READY'
  | 'NOTIFY_SIGNER';

/** What a `requestSignature` that stopped has made so far; undefined where there is nothing, or nothing that can be read now. */
export interface RequestSignatureProgress {
  readonly signerId: string | undefined;
  readonly dossierId: string | undefined;
  readonly signatureRequestId: string | undefined;
  readonly signatureRequest: SignatureRequest | undefined;
}

/** A step of `requestSignature` failed. What was made before it stands. */
export class RequestSignatureIncompleteError extends DomainError {
  override readonly name = 'RequestSignatureIncompleteError';
  readonly code = 'REQUEST_SIGNATURE_INCOMPLETE';
  readonly step: RequestSignatureStep;
  override readonly cause: DomainError;
  readonly progress: RequestSignatureProgress;

  constructor(step: RequestSignatureStep, cause: DomainError, progress: RequestSignatureProgress) {
    super(
      `${cause.message} What was done before stands: mend the cause and repeat with the same idempotencyKey, or go on with the single mutations.`,
    );
    this.step = step;
    this.cause = cause;
    this.progress = progress;
  }
}
