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
import { runOnce } from '../shared/run-once.ts';
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
 * Creates a dossier. The service does not list dossiers, so after an unresolved call a retry creates another one, which has
 * no effect: citizens do not see a dossier without requests.
 * @throws {InvalidInputError} @throws {IdempotencyConflictError} @throws {OutcomeUnknownError}
 * @throws {NotFoundError} if the dossier of the first call with this key no longer exists.
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
  return runOnce(context, {
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
