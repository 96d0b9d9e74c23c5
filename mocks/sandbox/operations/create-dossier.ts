import { createDossierBody, decodeOrRefuse, orRefuse } from '../decoding/bodies.ts';
import { stringOfAtLeast } from '../decoding/codec.ts';
import { checkDocuments } from '../decoding/document-metadata.ts';
import { success } from '../problems.ts';
import { dossierView } from '../views.ts';
import type { Operation } from './operation.ts';

export const createDossier: Operation = (call, world) => {
  const body = decodeOrRefuse(createDossierBody, call.json);
  const title = decodeOrRefuse(stringOfAtLeast(world.profile.dossierTitleMinLength), body.title);
  const documentsMetadata = orRefuse(
    checkDocuments(body.documents_metadata, world.profile.clauseTitleMaxLength),
  );
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
  world.store.dossiers.set(dossier.id, dossier);
  return success(201, dossierView(dossier));
};
