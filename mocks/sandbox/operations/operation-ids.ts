/** `operationId` of each operation of the contract. */
export const OPERATION_IDS = [
  'createDossier',
  'createSignatureRequest',
  'getDocumentUploadUrl',
  'getDossier',
  'getRequestsByDossier',
  'getSignatureRequest',
  'getSignerByFiscalCode',
  'sendNotification',
  'setSignatureRequestStatus',
  'validateDocument',
] as const;

export type OperationId = (typeof OPERATION_IDS)[number];
