import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { Dossier } from '../../upstream/decode.ts';
import { createDossier as create } from '../../upstream/operations/create-dossier.ts';
import { wireDocumentsOf } from '../shared/document-input.ts';
import type { DocumentInput } from '../shared/document-input.ts';
import {
  checkInput,
  documentsRules,
  idempotencyKeyRules,
  supportEmailRules,
  titleRules,
} from '../shared/input-rules.ts';
import { once } from '../shared/run-once.ts';
import { translated } from '../errors/translate-upstream-error.ts';

export interface CreateDossierInput {
  title: string;
  supportEmail?: string | null | undefined;
  documents: readonly DocumentInput[];
  idempotencyKey?: string | null | undefined;
}

const rules = z.object({
  title: titleRules,
  supportEmail: supportEmailRules.nullish(),
  documents: documentsRules,
  idempotencyKey: idempotencyKeyRules.nullish(),
});
const kept = z.object({ dossierId: z.string() });

/**
 * The service has no list of dossiers, so one that was made without an answer cannot be found again: a repeat makes
 * another. Nobody sees a dossier without requests.
 * @throws {InvalidInputError} @throws {IdempotencyConflictError} @throws {OutcomeUnknownError}
 * @throws {NotFoundError} when the dossier that was made with this key is gone.
 */
export function createDossier(context: GatewayContext, input: CreateDossierInput): Promise<Dossier> {
  checkInput(rules, input);
  const { upstream, signal, loaders } = context;
  const body = {
    title: input.title,
    ...(input.supportEmail == null ? {} : { support_email: input.supportEmail }),
    documents_metadata: wireDocumentsOf(input.documents),
  };
  if (input.idempotencyKey == null) return translated(create(upstream, body, { signal }));
  return once(context, {
    operation: 'createDossier',
    idempotencyKey: input.idempotencyKey,
    input: body,
    async run(attempt) {
      const value = await translated(attempt.sending((options) => create(upstream, body, options)));
      return { value, result: { dossierId: value.id } };
    },
    replay: (result) => translated(loaders.dossierById.load(kept.parse(result).dossierId)),
  });
}
