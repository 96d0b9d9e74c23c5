import type { SignatureRequest } from '../../upstream/decode.ts';
import { DomainError } from './domain-errors.ts';

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
    super(
      `Step ${step}: ${cause.message}${remains} Fix the cause and retry with the same idempotencyKey, or continue with the single mutations.`,
    );
    this.step = step;
    this.cause = cause;
    this.progress = progress;
  }
}
