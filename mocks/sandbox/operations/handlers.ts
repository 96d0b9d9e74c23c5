import { createDossier } from './create-dossier.ts';
import { createSignatureRequest } from './create-signature-request.ts';
import { getDocumentUploadUrl } from './get-document-upload-url.ts';
import { getDossier } from './get-dossier.ts';
import { getRequestsByDossier } from './get-requests-by-dossier.ts';
import { getSignatureRequest } from './get-signature-request.ts';
import { getSignerByFiscalCode } from './get-signer-by-fiscal-code.ts';
import type { OperationId } from './operation-ids.ts';
import type { Operation } from './operation.ts';
import { sendNotification } from './send-notification.ts';
import { setSignatureRequestStatus } from './set-signature-request-status.ts';
import { validateDocument } from './validate-document.ts';

/** The type requires a handler for each operation. */
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
