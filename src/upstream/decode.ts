import type { components } from './openapi.d.ts';
import { UpstreamError } from './failure.ts';
import { checkedPageUrl, checkedStorageUrl, checkStorageUrl } from './url-rules.ts';
import type { UrlRules } from './url-rules.ts';
import { readAnswer, readText } from './wire-object.ts';
import type { WireObject } from './wire-object.ts';

/*
 * The decoders check the answers of the service and convert them to models: names in camelCase, timestamps in UTC with
 * milliseconds. They drop unknown properties and pass on unknown statuses, so that an addition to the service breaks nothing.
 */
type Wire = components['schemas'];
type Unread<Name extends keyof Wire> = WireObject<Wire[Name]>;

type Clause = WireObject<Wire['SignatureFieldView']['clause']>;
type Point = WireObject<Wire['SignatureFieldToBeCreatedAttrsView']['coordinates']>;
type Size = WireObject<Wire['SignatureFieldToBeCreatedAttrsView']['size']>;

const clauseOf = (wire: Clause) => ({ title: wire.text('title'), type: wire.text('type') });
const pointOf = (wire: Point) => ({ x: wire.number('x'), y: wire.number('y') });
const sizeOf = (wire: Size) => ({ w: wire.number('w'), h: wire.number('h') });

const fieldByName = (attrs: Unread<'ExistingSignatureFieldAttrsView'>) => ({
  uniqueName: attrs.text('unique_name'),
});

function fieldByBox(attrs: Unread<'SignatureFieldToBeCreatedAttrsView'>) {
  const { x, y } = attrs.object('coordinates', pointOf);
  const page = attrs.number('page');
  const { w, h } = attrs.object('size', sizeOf);
  return { page, x, y, width: w, height: h };
}

function signatureFieldOf(wire: Unread<'SignatureFieldView'>) {
  return {
    clause: wire.object('clause', clauseOf),
    position: wire.oneOf('attrs', 'unique_name', fieldByName, fieldByBox),
  };
}

function metadataOf(wire: Unread<'DocumentMetadataView'>) {
  return { title: wire.text('title'), fields: wire.optionalObjects('signature_fields', signatureFieldOf) };
}

function dossierOf(wire: Unread<'DossierDetailView'>) {
  return {
    id: wire.text('id'),
    title: wire.text('title'),
    supportEmail: wire.optionalText('support_email'),
    documents: wire.objects('documents_metadata', metadataOf),
    createdAt: wire.timestamp('created_at'),
    updatedAt: wire.timestamp('updated_at'),
  };
}

const storageUrlOf = (url: string | undefined, urls: UrlRules) =>
  url && checkedStorageUrl(url, urls, 'getSignatureRequest');
const pageUrlOf = (url: string | undefined, urls: UrlRules) =>
  url && checkedPageUrl(url, urls, 'getSignatureRequest');

function documentOf(wire: Unread<'DocumentDetailView'>, urls: UrlRules) {
  const id = wire.text('id');
  const status = wire.text('status');
  const { title, fields } = wire.object('metadata', metadataOf);
  return {
    id,
    status,
    title,
    fields,
    createdAt: wire.timestamp('created_at'),
    updatedAt: wire.timestamp('updated_at'),
    uploadedAt: wire.optionalTimestamp('uploaded_at'),
    rejectedAt: wire.optionalTimestamp('rejected_at'),
    rejectReason: wire.optionalText('reject_reason'),
    /** A pre-signed URL to download the file, once the request is SIGNED. */
    url: storageUrlOf(wire.optionalText('url'), urls),
  };
}

function summaryOf(wire: Unread<'SignatureRequestListView'>) {
  return {
    id: wire.text('id'),
    dossierId: wire.text('dossier_id'),
    signerId: wire.text('signer_id'),
    status: wire.text('status'),
    createdAt: wire.timestamp('created_at'),
    updatedAt: wire.timestamp('updated_at'),
    expiresAt: wire.timestamp('expires_at'),
  };
}

function notificationOf(wire: Unread<'NotificationDetailView'>) {
  return { ioMessageId: wire.text('io_message_id') };
}

function signatureRequestOf(wire: Unread<'SignatureRequestDetailView'>, urls: UrlRules) {
  return {
    id: wire.text('id'),
    dossierId: wire.text('dossier_id'),
    signerId: wire.text('signer_id'),
    status: wire.text('status'),
    createdAt: wire.timestamp('created_at'),
    updatedAt: wire.timestamp('updated_at'),
    expiresAt: wire.timestamp('expires_at'),
    documents: wire.objects('documents', (document) => documentOf(document, urls)),
    notification: wire.optionalObject('notification', notificationOf),
    qrCodeUrl: pageUrlOf(wire.optionalText('qr_code_url'), urls),
    signedAt: wire.optionalTimestamp('signed_at'),
    rejectedAt: wire.optionalTimestamp('rejected_at'),
    cancelledAt: wire.optionalTimestamp('cancelled_at'),
    rejectReason: wire.optionalText('reject_reason'),
  };
}

/** An invalid item does not invalidate its page. */
function listedItem(item: unknown): SignatureRequestSummary | UpstreamError {
  try {
    return readAnswer(item, summaryOf);
  } catch (cause) {
    return new UpstreamError({ kind: 'contract', operation: 'getRequestsByDossier', cause });
  }
}

function pageOf(wire: Unread<'SignatureRequestList'>) {
  return {
    items: wire.items('items').map(listedItem),
    continuationToken: wire.optionalText('continuation_token'),
  };
}

function signerOf(wire: Unread<'SignerDetailView'>) {
  return { id: wire.text('id') };
}

function validationOf(wire: Unread<'DocumentValidationResult'>) {
  return { isValid: wire.flag('is_valid'), violations: wire.optionalTexts('violations') };
}

/** A dossier: the documents to sign, for any number of signers. It never changes. */
export type Dossier = ReturnType<typeof dossierOf>;
/** Title and signature fields of a document in a dossier. */
export type DocumentMetadata = ReturnType<typeof metadataOf>;
export type SignatureField = ReturnType<typeof signatureFieldOf>;
/** A document of a signature request. `status` is the value of the service, also if the gateway does not know it. */
export type Document = ReturnType<typeof documentOf>;
/** A signature request in a list. */
export type SignatureRequestSummary = ReturnType<typeof summaryOf>;
/** A signature request with its documents and the details of its status. */
export type SignatureRequest = ReturnType<typeof signatureRequestOf>;
/**
 * One page of the requests of a dossier. The last page has no `continuationToken`. An `UpstreamError` replaces an invalid
 * item.
 */
export type SignatureRequestPage = ReturnType<typeof pageOf>;
export type Signer = ReturnType<typeof signerOf>;
export type Notification = ReturnType<typeof notificationOf>;
/** The result of a validation of a PDF, which the service does not store. */
export type DocumentValidation = ReturnType<typeof validationOf>;

const decoder =
  <Contract, Model>(read: (wire: WireObject<Contract>) => Model) =>
  (body: unknown): Model =>
    readAnswer(body, read);

export const decodeDossier = decoder(dossierOf);
export const decodeSignatureRequestPage = decoder(pageOf);
export const decodeSigner = decoder(signerOf);
export const decodeNotification = decoder(notificationOf);
export const decodeDocumentValidation = decoder(validationOf);

export function decodeSignatureRequest(body: unknown, urls: UrlRules): SignatureRequest {
  return readAnswer(body, (wire: Unread<'SignatureRequestDetailView'>) => signatureRequestOf(wire, urls));
}

/** @throws {UpstreamError} for a URL that is not on a storage host. */
export function decodeUploadUrl(body: unknown, { storageHosts }: UrlRules): string {
  const url = readText(body);
  checkStorageUrl(url, storageHosts, 'getDocumentUploadUrl');
  return url;
}

/** For answers without a body. */
export const decodeNothing = (): void => undefined;
