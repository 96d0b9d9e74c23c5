import { createDossier } from './operations/create-dossier.ts';
import { createSignatureRequest } from './operations/create-signature-request.ts';
import { getDocumentUploadUrl } from './operations/get-document-upload-url.ts';
import { getDossier } from './operations/get-dossier.ts';
import { getRequestsByDossier } from './operations/get-requests-by-dossier.ts';
import { getSignatureRequest } from './operations/get-signature-request.ts';
import { getSignerByFiscalCode } from './operations/get-signer-by-fiscal-code.ts';
import type { OperationId } from './operations/operation-ids.ts';
import type { Operation } from './operations/operation.ts';
import { sendNotification } from './operations/send-notification.ts';
import { setSignatureRequestStatus } from './operations/set-signature-request-status.ts';
import { validateDocument } from './operations/validate-document.ts';

/** The compiler asks for a handler of each operation. */
const BY_ID: Readonly<Record<OperationId, Operation>> = {
  createDossier,
  createSignatureRequest,
  getDocumentUploadUrl,
  getDossier,
  getRequestsByDossier,
  getSignatureRequest,
  getSignerByFiscalCode,
  sendNotification,
  setSignatureRequestStatus,
  validateDocument,
};

/** The handler of each `operationId` of the contract. */
export const HANDLERS: ReadonlyMap<string, Operation> = new Map(Object.entries(BY_ID));
