import type { DocumentStatus as Documents, RequestStatus } from '../resolvers/status.ts';
import { describedEnum } from './builder.ts';

export const SignatureRequestStatus = describedEnum<RequestStatus>(
  'SignatureRequestStatus',
  'The status of a signature request.',
  {
    DRAFT: 'The documents can be uploaded. A draft cannot be cancelled or deleted.',
    READY: 'Marked as ready. The service prepares the signature, which takes seconds.',
    WAIT_FOR_SIGNATURE: 'The citizen can sign. The QR code exists, and the notification can be sent.',
    SIGNED: 'The citizen has signed. Final.',
    REJECTED:
      'The signature failed for a technical reason: see `rejectReason`. It never means that the citizen refused to sign. Final.',
    CANCELLED: 'The institution has cancelled the signature request. Final.',
    UNKNOWN: 'A status that this version of the gateway does not know.',
  },
);

export const DocumentStatus = describedEnum<Documents>('DocumentStatus', 'The status of a document.', {
  WAIT_FOR_UPLOAD: 'The file has not been uploaded, or its validation has not started.',
  WAIT_FOR_VALIDATION:
    'The service validates the file. Its documentation has this status, but it never returns it.',
  READY: 'The service has accepted the file.',
  REJECTED: 'The service has rejected the file: see `rejectReasons`. Upload a corrected file.',
  UNKNOWN: 'A status that this version of the gateway does not know.',
});
