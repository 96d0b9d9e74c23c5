import { badRequest, notFound, success } from '../http/problems.ts';
import { refusalOfUploadUrl } from '../model/state-machine.ts';
import { UPLOADED_DOCUMENTS } from '../storage/containers.ts';
import { requestOrRefuse } from './lookup.ts';
import type { Operation } from './operation.ts';

/** Checks the status before the document. Each call creates a URL for a new blob, whose name is not the document id. */
export const getDocumentUploadUrl: Operation = (call, world) => {
  const documentId = call.pathIds[1];
  const request = requestOrRefuse(call, world, 'The specified Signature Request does not exist.');
  const refusal = refusalOfUploadUrl(request.status);
  if (refusal !== undefined) throw badRequest(refusal);
  const document = request.documents.find(({ id }) => id === documentId);
  if (document === undefined) throw notFound('Document');

  const uploadId = world.ids.ulid();
  const now = world.clock.now();
  world.store.uploads.set(uploadId, { requestId: request.id, documentId: document.id, createdAt: now });
  return success(200, `${call.origin}${world.sas.sign(UPLOADED_DOCUMENTS, uploadId, now)}`);
};
