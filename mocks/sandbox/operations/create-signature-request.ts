import { createSignatureRequestBody } from '../decoding/bodies.ts';
import { documentsOf } from '../decoding/document-metadata.ts';
import { decodeOrRefuse } from '../decoding/types.ts';
import { badRequest, success } from '../http/problems.ts';
import type { SignatureRequest } from '../model/store.ts';
import { requestDetailView } from '../model/views.ts';
import { dossierOrRefuse } from './lookup.ts';
import type { Operation } from './operation.ts';
import { checkStorable } from './storable.ts';

/** `documents_metadata` of the body replaces the dossier's list. Any signer id is accepted without a lookup. */
export const createSignatureRequest: Operation = (call, world) => {
  const body = decodeOrRefuse(createSignatureRequestBody, call.json);
  const ownMetadata =
    body.documents_metadata &&
    decodeOrRefuse(documentsOf(world.profile.clauseTitleMaxLength), body.documents_metadata);
  const dossier = dossierOrRefuse(call, world, body.dossier_id);
  const now = world.clock.now();
  const expiresAt = body.expires_at?.getTime() ?? world.profile.defaultDeadline(now);
  if (expiresAt <= now) throw badRequest('Invalid expire date.');
  checkStorable(ownMetadata ?? [], expiresAt);

  const request: SignatureRequest = {
    id: world.ids.ulid(),
    issuerId: call.issuer.id,
    environment: call.environment,
    dossierId: dossier.id,
    signerId: body.signer_id,
    status: 'DRAFT',
    createdAt: now,
    updatedAt: now,
    expiresAt,
    documents: (ownMetadata ?? dossier.documentsMetadata).map((metadata) => ({
      id: world.ids.ulid(),
      metadata,
      status: 'WAIT_FOR_UPLOAD',
      createdAt: now,
      updatedAt: now,
    })),
  };
  world.store.requests.set(request.id, request);
  const siblings = world.store.requestsByDossier.get(dossier.id) ?? [];
  siblings.push(request.id);
  world.store.requestsByDossier.set(dossier.id, siblings);
  return success(201, requestDetailView(world, request, call.origin));
};
