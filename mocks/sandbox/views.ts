import type { DocumentMetadata } from './decoding/document-metadata.ts';
import type { Dossier, SignatureDocument, SignatureRequest } from './store.ts';
import { VALIDATED_DOCUMENTS, blobPath } from './storage/containers.ts';

/** `2026-03-05T09:14:07.412Z`: the only form in which the service writes time. */
function iso(time: number): string {
  return new Date(time).toISOString();
}

/** DossierDetailView. */
export function dossierView(dossier: Dossier) {
  return {
    id: dossier.id,
    title: dossier.title,
    support_email: dossier.supportEmail,
    documents_metadata: dossier.documentsMetadata,
    created_at: iso(dossier.createdAt),
    updated_at: iso(dossier.updatedAt),
  };
}

/** SignatureRequestListView: what a list says of a request. */
export function requestListView(request: SignatureRequest) {
  return {
    id: request.id,
    dossier_id: request.dossierId,
    signer_id: request.signerId,
    status: request.status,
    created_at: iso(request.createdAt),
    updated_at: iso(request.updatedAt),
    expires_at: iso(request.expiresAt),
  };
}

/** SignatureRequestDetailView. `origin` is where the caller reached the sandbox; QR code and blobs are there too. */
export function requestDetailView(request: SignatureRequest, origin: string) {
  return {
    ...requestListView(request),
    ...statusFields(request, origin),
    documents: request.documents.map((document) => documentView(document, origin)),
  };
}

function statusFields(request: SignatureRequest, origin: string) {
  const notification = request.ioMessageId !== undefined && {
    notification: { io_message_id: request.ioMessageId },
  };
  switch (request.status) {
    case 'DRAFT':
    case 'READY':
      return {};
    case 'WAIT_FOR_SIGNATURE':
      return { ...notification, qr_code_url: `${origin}/qrcode.png?feat=firma&srid=${request.id}` };
    case 'SIGNED':
      return { ...notification, signed_at: iso(request.signedAt) };
    case 'REJECTED':
      return { ...notification, rejected_at: iso(request.rejectedAt), reject_reason: request.rejectReason };
    case 'CANCELLED':
      return { cancelled_at: iso(request.cancelledAt) };
  }
}

function documentView(document: SignatureDocument, origin: string) {
  const metadata: DocumentMetadata = document.metadata;
  const common = {
    id: document.id,
    status: document.status,
    metadata,
    created_at: iso(document.createdAt),
    updated_at: iso(document.updatedAt),
  };
  switch (document.status) {
    case 'WAIT_FOR_UPLOAD':
      return common;
    case 'READY':
      return {
        ...common,
        uploaded_at: iso(document.uploadedAt),
        // Without a token: this address cannot be downloaded from.
        url: `${origin}${blobPath(VALIDATED_DOCUMENTS, document.id)}`,
      };
    case 'REJECTED':
      return {
        ...common,
        uploaded_at: iso(document.uploadedAt),
        rejected_at: iso(document.rejectedAt),
        reject_reason: document.rejectReason,
      };
  }
}
