import * as t from 'io-ts';
import { email, nonEmptyString, nonNegativeNumber, stringWithin, timestamp } from './types.ts';
import type { SignatureRequest } from '../model/store.ts';

/*
 * What the service keeps behind its API, as far as answers show it: they name the type of a whole record when one of
 * its members is not as an action needs it.
 */

/** What the service reads out of a PDF. */
export const pdfMetadata = t.type({
  pages: t.array(t.type({ number: nonNegativeNumber, width: nonNegativeNumber, height: nonNegativeNumber })),
  formFields: t.array(t.type({ type: t.literal('PDFSignature'), name: t.string })),
});

const documentReady = t.type({
  id: nonEmptyString,
  metadata: t.type({
    title: stringWithin(3, 61),
    // A list has been checked when it gets here, so its name is all that shows.
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

/** A request that may be notified. */
export const notifiableRecord = t.intersection([
  record,
  t.type({ status: t.literal('WAIT_FOR_SIGNATURE') }),
  t.type({ qrCodeUrl: t.string, documents: t.array(documentReady), notification: t.undefined }),
]);

/** The record of a request, with stand-ins for members that have nothing to do with its status and so never show. */
export function recordOf({ status, documents, ioMessageId }: SignatureRequest): unknown {
  const isSent = status !== 'DRAFT' && status !== 'READY';
  return {
    ...SOME_RECORD,
    status,
    ...(isSent && { qrCodeUrl: '' }),
    documents: documents.map((document) => ({
      ...SOME_DOCUMENT,
      status: document.status,
      ...(document.status !== 'WAIT_FOR_UPLOAD' && { uploadedAt: new Date(document.uploadedAt) }),
      ...(document.status === 'READY' && { url: '' }),
    })),
    ...(ioMessageId !== undefined && { notification: { ioMessageId } }),
  };
}

const SOME_TIMES = { createdAt: new Date(), updatedAt: new Date() };
const SOME_DOCUMENT = {
  id: 'id',
  metadata: { title: 'Title', signatureFields: [], pdfDocumentMetadata: { pages: [], formFields: [] } },
  ...SOME_TIMES,
};
const SOME_RECORD = {
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
  ...SOME_TIMES,
};
