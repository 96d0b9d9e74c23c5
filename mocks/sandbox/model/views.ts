import type { DocumentMetadata } from '../decoding/document-metadata.ts';
import type { Dossier, SignatureDocument, SignatureRequest } from './store.ts';
import { dossierScenario } from './scenarios.ts';
import { SIGNED_DOCUMENTS, VALIDATED_DOCUMENTS, blobPath } from '../storage/containers.ts';
import type { World } from './world.ts';

/** `2026-03-05T09:14:07.412Z`: the only time format of the service. */
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

/** SignatureRequestListView: an item of a list. */
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

/** SignatureRequestDetailView. `origin` is the origin that the client used, for the URLs of QR code and files. */
export function requestDetailView(world: World, request: SignatureRequest, origin: string) {
  return {
    ...requestListView(request),
    ...statusFields(request, origin),
    documents: request.documents.map((document) =>
      documentView(document, `${origin}${filePath(world, request, document)}`),
    ),
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

/**
 * The URL of a document's file. After the signature, each response has a new pre-signed URL, also if the file was
 * deleted. If the service cannot create one, it returns the URL without a signature and reports no error.
 */
function filePath(world: World, request: SignatureRequest, { id }: SignatureDocument): string {
  if (request.status !== 'SIGNED') return blobPath(VALIDATED_DOCUMENTS, id);
  const { hasUnsignedUrls } = dossierScenario(world.store.dossiers.get(request.dossierId)?.title);
  if (hasUnsignedUrls) return blobPath(SIGNED_DOCUMENTS, id);
  return world.sas.signDownload(SIGNED_DOCUMENTS, id, world.clock.now());
}

function documentView(document: SignatureDocument, url: string) {
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
    case 'WAIT_FOR_VALIDATION':
      return { ...common, uploaded_at: iso(document.uploadedAt) };
    case 'READY':
      return {
        ...common,
        uploaded_at: iso(document.uploadedAt),
        url,
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
