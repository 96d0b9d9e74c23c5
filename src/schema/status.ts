import { describedEnum } from './builder.ts';

const REQUEST_STATUSES = {
  DRAFT: 'The documents can be uploaded. A draft cannot be cancelled or deleted.',
  READY: 'Marked as ready. The service prepares the signature, which takes seconds.',
  WAIT_FOR_SIGNATURE: 'The citizen can sign. The QR code exists, and the notification can be sent.',
  SIGNED: 'The citizen has signed. Final.',
  REJECTED:
    'The signature failed for a technical reason: see `rejectReason`. It never means that the citizen refused to sign. Final.',
  CANCELLED: 'The institution has cancelled the signature request. Final.',
  UNKNOWN: 'A status that this version of the gateway does not know.',
};

export const SignatureRequestStatus = describedEnum(
  'SignatureRequestStatus',
  'The status of a signature request.',
  REQUEST_STATUSES,
);

const DOCUMENT_STATUSES = {
  WAIT_FOR_UPLOAD: 'The file has not been uploaded, or its validation has not started.',
  WAIT_FOR_VALIDATION:
    'The service validates the file. Its documentation has this status, but it never returns it.',
  READY: 'The service has accepted the file.',
  REJECTED: 'The service has rejected the file: see `rejectReasons`. Upload a corrected file.',
  UNKNOWN: 'A status that this version of the gateway does not know.',
};

export const DocumentStatus = describedEnum('DocumentStatus', 'The status of a document.', DOCUMENT_STATUSES);

const isIn = <Values extends object>(values: Values, status: string): status is keyof Values & string =>
  Object.hasOwn(values, status);

/** The status in the schema of a status of the service. */
export const requestStatusOf = (status: string): keyof typeof REQUEST_STATUSES =>
  isIn(REQUEST_STATUSES, status) ? status : 'UNKNOWN';

export const documentStatusOf = (status: string): keyof typeof DOCUMENT_STATUSES =>
  isIn(DOCUMENT_STATUSES, status) ? status : 'UNKNOWN';
