import { createDossierBody } from '../decoding/bodies.ts';
import { documentsOf } from '../decoding/document-metadata.ts';
import { decodeOrRefuse, stringOfAtLeast } from '../decoding/types.ts';
import { success } from '../http/problems.ts';
import { dossierView } from '../model/views.ts';
import { checkStorable } from './storable.ts';
import type { Operation } from './operation.ts';

export const createDossier: Operation = (call, world) => {
  const body = decodeOrRefuse(createDossierBody, call.json);
  const title = decodeOrRefuse(stringOfAtLeast(world.profile.dossierTitleMinLength), body.title);
  const documents = documentsOf(world.profile.clauseTitleMaxLength);
  const documentsMetadata = decodeOrRefuse(documents, body.documents_metadata);
  const now = world.clock.now();
  const dossier = {
    id: world.ids.ulid(),
    issuerId: call.issuer.id,
    title,
    supportEmail: body.support_email ?? call.issuer.supportEmail,
    documentsMetadata,
    createdAt: now,
    updatedAt: now,
  };
  checkStorable(documentsMetadata, now);
  world.store.dossiers.set(dossier.id, dossier);
  return success(201, dossierView(dossier));
};
