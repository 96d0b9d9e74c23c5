const REQUEST_STATUSES = ['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE', 'SIGNED', 'REJECTED', 'CANCELLED'] as const;
const DOCUMENT_STATUSES = ['WAIT_FOR_UPLOAD', 'WAIT_FOR_VALIDATION', 'READY', 'REJECTED'] as const;

export type RequestStatus = (typeof REQUEST_STATUSES)[number] | 'UNKNOWN';
export type DocumentStatus = (typeof DOCUMENT_STATUSES)[number] | 'UNKNOWN';

/** The status for the schema: `UNKNOWN` for a status that this version of the gateway does not know. */
export function requestStatusOf(status: string): RequestStatus {
  return REQUEST_STATUSES.find((known) => known === status) ?? 'UNKNOWN';
}

export function documentStatusOf(status: string): DocumentStatus {
  return DOCUMENT_STATUSES.find((known) => known === status) ?? 'UNKNOWN';
}
