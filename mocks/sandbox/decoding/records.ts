import * as t from 'io-ts';
import { email, nonEmptyString, nonNegativeNumber, stringWithin, timestamp } from './types.ts';
import type { SignatureRequest } from '../model/store.ts';

/*
 * The stored records of the service, as far as responses show them: an error names the type of a whole record if one of
 * its members does not allow an action.
 */

/** The data that the service reads from a PDF. */
export const pdfMetadata = t.type({
  pages: t.array(t.type({ number: nonNegativeNumber, width: nonNegativeNumber, height: nonNegativeNumber })),
  formFields: t.array(t.type({ type: t.literal('PDFSignature'), name: t.string })),
});

const documentReady = t.type({
  id: nonEmptyString,
  metadata: t.type({
    title: stringWithin(3, 61),
    // The list is already validated, so only its name is visible.
    signatureFields: new t.Type('SignatureFields', t.UnknownArray.is, t.UnknownArray.validate, t.identity),
    pdfDocumentMetadata: pdfMetadata,
  }),
  createdAt: timestamp,
  updatedAt: timestamp,
  status: t.literal('READY'),
  uploadedAt: timestamp,
  url: t.string,
});

const record = t.type({
  id: nonEmptyString,
  signerId: nonEmptyString,
  issuerId: nonEmptyString,
  issuerEmail: email,
  issuerDescription: nonEmptyString,
  issuerInternalInstitutionId: nonEmptyString,
  issuerEnvironment: t.union([t.literal('TEST'), t.literal('DEFAULT'), t.literal('INTERNAL')]),
  issuerDepartment: t.string,
  dossierId: nonEmptyString,
  dossierTitle: nonEmptyString,
  createdAt: timestamp,
  updatedAt: timestamp,
  expiresAt: timestamp,
});

/** A request that allows a notification. */
export const notifiableRecord = t.intersection([
  record,
  t.type({ status: t.literal('WAIT_FOR_SIGNATURE') }),
  t.type({ qrCodeUrl: t.string, documents: t.array(documentReady), notification: t.undefined }),
]);

/** The record of a request. Members that are independent of its status are placeholders, because they are never visible. */
export function recordOf({ status, documents, ioMessageId }: SignatureRequest): unknown {
  const isSent = status !== 'DRAFT' && status !== 'READY';
  return {
    ...PLACEHOLDER_RECORD,
    status,
    ...(isSent && { qrCodeUrl: '' }),
    documents: documents.map((document) => ({
      ...PLACEHOLDER_DOCUMENT,
      status: document.status,
      ...(document.status !== 'WAIT_FOR_UPLOAD' && { uploadedAt: new Date(document.uploadedAt) }),
      ...(document.status === 'READY' && { url: '' }),
    })),
    ...(ioMessageId !== undefined && { notification: { ioMessageId } }),
  };
}

const PLACEHOLDER_TIMES = { createdAt: new Date(), updatedAt: new Date() };
const PLACEHOLDER_DOCUMENT = {
  id: 'id',
  metadata: { title: 'Title', signatureFields: [], pdfDocumentMetadata: { pages: [], formFields: [] } },
  ...PLACEHOLDER_TIMES,
};
const PLACEHOLDER_RECORD = {
  id: 'id',
  signerId: 'id',
  issuerId: 'id',
  issuerEmail: 'issuer@example.it',
  issuerDescription: 'Issuer',
  issuerInternalInstitutionId: 'id',
  issuerEnvironment: 'DEFAULT',
  issuerDepartment: '',
  dossierId: 'id',
  dossierTitle: 'Title',
  expiresAt: new Date(),
  ...PLACEHOLDER_TIMES,
};
