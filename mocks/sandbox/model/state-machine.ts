import type { SignatureRequest, SignatureRequestStatus } from './store.ts';

/** The result of an issuer's action: the new record, or the error text of the service. */
export type Transition = { readonly next: SignatureRequest } | { readonly refusal: string };

/** `PUT …/status` with READY. */
export function markAsReady(request: SignatureRequest, now: number): Transition {
  switch (request.status) {
    case 'DRAFT': {
      if (request.documents.some(({ status }) => status !== 'READY')) {
        return { refusal: 'MARK_AS_READY is not possible unless all documents are READY' };
      }
      return { next: { ...request, status: 'READY', updatedAt: now } };
    }
    case 'READY':
      return { refusal: 'Signature Request is already in READY status' };
    case 'WAIT_FOR_SIGNATURE':
      return {
        refusal: 'MARK_AS_READY is prohibited if the signature request is in WAIT_FOR_SIGNATURE status',
      };
    case 'SIGNED':
      return { refusal: 'MARK_AS_READY is prohibited because the signature request has already been signed' };
    case 'REJECTED':
    case 'CANCELLED':
      return { refusal: 'Invalid status' };
  }
}

/** `PUT …/status` with CANCELLED. */
export function markAsCancelled(request: SignatureRequest, now: number): Transition {
  switch (request.status) {
    case 'DRAFT':
    case 'READY':
      return {
        refusal: `MARK_AS_CANCELLED is prohibited if the signature request is in ${request.status} status`,
      };
    case 'WAIT_FOR_SIGNATURE':
      return { next: { ...request, status: 'CANCELLED', cancelledAt: now, updatedAt: now } };
    case 'SIGNED':
      return {
        refusal: 'MARK_AS_CANCELLED is prohibited because the signature request has already been signed',
      };
    case 'REJECTED':
    case 'CANCELLED':
      return { refusal: 'Invalid status' };
  }
}

/** The citizen side has received the request: it can be signed now. Undefined if the message comes too late. */
export function markAsWaitForSignature(request: SignatureRequest, now: number): SignatureRequest | undefined {
  if (request.status !== 'READY') return undefined;
  return { ...request, status: 'WAIT_FOR_SIGNATURE', updatedAt: now };
}

/** The citizen side reports a signature. Undefined if the message comes too late: another status is final. */
export function markAsSigned(request: SignatureRequest, now: number): SignatureRequest | undefined {
  if (request.status !== 'WAIT_FOR_SIGNATURE') return undefined;
  return { ...request, status: 'SIGNED', signedAt: now, updatedAt: now };
}

/** The citizen side reports a failure, with its own time. Undefined if the message comes too late. */
export function markAsRejected(
  request: SignatureRequest,
  now: number,
  { rejectedAt, rejectReason }: { readonly rejectedAt: number; readonly rejectReason: string },
): SignatureRequest | undefined {
  if (request.status !== 'WAIT_FOR_SIGNATURE') return undefined;
  return { ...request, status: 'REJECTED', rejectedAt, rejectReason, updatedAt: now };
}

/** Why an upload URL is refused. Undefined if it is allowed. */
export function refusalOfUploadUrl(status: SignatureRequestStatus): string | undefined {
  if (status === 'DRAFT') return undefined;
  return `Unable to get the Upload Url. The Signature Request is in ${status} status`;
}
