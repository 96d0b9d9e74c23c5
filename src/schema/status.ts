import type { DocumentStatus as Documents, RequestStatus } from '../resolvers/status.ts';
import { describedEnum } from './described-enum.ts';

export const SignatureRequestStatus = describedEnum<RequestStatus>(
  'SignatureRequestStatus',
  'Where a signature request stands.',
  {
    DRAFT: 'Documents are being uploaded. A draft cannot be cancelled or deleted.',
    READY: 'Handed over; the service is preparing the signature. Takes seconds.',
    WAIT_FOR_SIGNATURE: 'The citizen can sign; there is a QR code, and a notification can be sent.',
    SIGNED: 'Signed. Final.',
    REJECTED:
      'The signature failed for a technical reason, see `rejectReason`. It never means that the citizen refused. Final.',
    CANCELLED: 'Cancelled by you. Final.',
    UNKNOWN: 'A status that this gateway does not know yet.',
  },
);

export const DocumentStatus = describedEnum<Documents>('DocumentStatus', 'Where a document stands.', {
  WAIT_FOR_UPLOAD: 'Not uploaded, or uploaded a moment ago and not checked yet.',
  WAIT_FOR_VALIDATION: 'Being checked. The service documents this status and never shows it.',
  READY: 'Uploaded and accepted.',
  REJECTED: 'Uploaded and refused, see `rejectReasons`. Upload a corrected file.',
  UNKNOWN: 'A status that this gateway does not know yet.',
});
