import { PdfUnfinishedError } from '../pdf/pdf-threads.ts';
import { rejectReasonOf } from '../pdf/pdf.ts';
import { magicRejectReason, validationDelayMs } from './scenarios.ts';
import type { DocumentState, SignatureDocument, Upload } from './store.ts';
import { createBlob } from '../storage/blob-store.ts';
import { UPLOADED_DOCUMENTS, VALIDATED_DOCUMENTS } from '../storage/containers.ts';
import type { World } from './world.ts';

/** The service deletes the record of an upload URL after 7 days. */
const UPLOAD_RECORD_LIFETIME_MS = 7 * 24 * 60 * 60 * 1_000;

/**
 * The blob trigger: schedules the validation of an uploaded file. As in the service, a file is ignored silently if its
 * name is unknown, its record is too old, or its request is no longer DRAFT.
 */
export function onBlobUploaded(world: World, blobName: string): void {
  if (world.faults.occurs('validation-never-finishes')) return;
  const upload = world.store.uploads.get(blobName);
  const document = upload && documentInDraft(world, upload);
  if (upload && document && world.profile.showsValidation) {
    const uploadedAt = world.clock.now();
    patchDocument(world, upload, uploadedAt, { status: 'WAIT_FOR_VALIDATION', uploadedAt });
  }
  const delayMs = validationDelayMs(document?.metadata.title);
  if (delayMs !== undefined) world.clock.schedule(delayMs, { kind: 'validate-upload', blobName });
}

export async function validateUpload(world: World, blobName: string): Promise<void> {
  const uploadedAt = world.clock.now();
  const upload = world.store.uploads.get(blobName);
  const blob = world.blobs.get(UPLOADED_DOCUMENTS, blobName);
  if (upload === undefined || blob === undefined) return;
  if (uploadedAt - upload.createdAt > UPLOAD_RECORD_LIFETIME_MS) return;
  const document = documentInDraft(world, upload);
  if (document === undefined) return;

  const verdict = await world.pdfs
    .verdictOn(blob.bytes(), document.metadata.signature_fields)
    .catch(undefinedIfUnfinished);
  if (verdict === undefined) return;
  const magic = verdict.kind === 'read' ? magicRejectReason(document) : undefined;
  let reason = magic ?? rejectReasonOf(verdict);
  // The issuer may have marked the request READY meanwhile, with an earlier file.
  if (documentInDraft(world, upload) === undefined) return;
  const now = world.clock.now();
  if (reason === undefined && world.faults.occurs('copy-fails')) reason = 'Error on blob copy process';
  if (reason === undefined) {
    world.blobs.put(VALIDATED_DOCUMENTS, upload.documentId, createBlob([blob.bytes()], now));
    patchDocument(world, upload, now, { status: 'READY', uploadedAt });
  } else {
    patchDocument(world, upload, now, {
      status: 'REJECTED',
      uploadedAt,
      rejectedAt: now,
      rejectReason: reason,
    });
  }
  // A file that has overwritten this one meanwhile has its own pending validation and must stay.
  if (world.blobs.get(UPLOADED_DOCUMENTS, blobName) === blob) {
    world.blobs.delete(UPLOADED_DOCUMENTS, blobName);
  }
}

/** Validation failed unexpectedly. The service reports nothing, and the document keeps its status. */
function undefinedIfUnfinished(error: unknown): undefined {
  if (!(error instanceof PdfUnfinishedError)) throw error;
}

function documentInDraft(world: World, upload: Upload): SignatureDocument | undefined {
  const request = world.store.requests.get(upload.requestId);
  if (request?.status !== 'DRAFT') return undefined;
  return request.documents.find(({ id }) => id === upload.documentId);
}

/** Replaces the state of one document, including all properties from an earlier upload. */
function patchDocument(world: World, upload: Upload, updatedAt: number, state: DocumentState): void {
  const request = world.store.requests.get(upload.requestId);
  if (request === undefined) return;
  world.store.requests.set(request.id, {
    ...request,
    documents: request.documents.map((document) =>
      document.id === upload.documentId
        ? { id: document.id, metadata: document.metadata, createdAt: document.createdAt, updatedAt, ...state }
        : document,
    ),
  });
}
