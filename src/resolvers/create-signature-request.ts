import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { SignatureRequest } from '../upstream/decode.ts';
import { createSignatureRequest as create } from '../upstream/operations/create-signature-request.ts';
import { wireDocumentsOf } from './document-input.ts';
import type { DocumentInput } from './document-input.ts';
import { checkInput, documentsRules, expiresAtRules, idRules, signerIdRules } from './input-rules.ts';
import { translated } from './translate-upstream-error.ts';
import { checkSignerIsOwn } from './visible.ts';

export interface CreateSignatureRequestInput {
  dossierId: string;
  signerId: string;
  expiresAt?: Date | null | undefined;
  documents?: readonly DocumentInput[] | null | undefined;
}

const rules = z.object({
  dossierId: idRules('dossier'),
  signerId: signerIdRules,
  expiresAt: expiresAtRules.nullish(),
  documents: documentsRules.nullish(),
});

/** @throws {InvalidInputError} @throws {NotFoundError} for the dossier. */
export async function createSignatureRequest(
  context: GatewayContext,
  input: CreateSignatureRequestInput,
): Promise<SignatureRequest> {
  checkInput(rules, input);
  await checkSignerIsOwn(context, input.signerId);
  const { upstream, signal } = context;
  const body = {
    dossier_id: input.dossierId,
    signer_id: input.signerId,
    ...(input.expiresAt == null ? {} : { expires_at: input.expiresAt.toISOString() }),
    ...(input.documents == null ? {} : { documents_metadata: wireDocumentsOf(input.documents) }),
  };
  return translated(create(upstream, body, { signal }));
}
