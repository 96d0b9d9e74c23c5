import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { Dossier } from '../upstream/decode.ts';
import { createDossier as create } from '../upstream/operations/create-dossier.ts';
import { wireDocumentsOf } from './document-input.ts';
import type { DocumentInput } from './document-input.ts';
import { checkInput, documentsRules, supportEmailRules, titleRules } from './input-rules.ts';
import { translated } from './translate-upstream-error.ts';

export interface CreateDossierInput {
  title: string;
  supportEmail?: string | null | undefined;
  documents: readonly DocumentInput[];
}

const rules = z.object({
  title: titleRules,
  supportEmail: supportEmailRules.nullish(),
  documents: documentsRules,
});

/** @throws {InvalidInputError} */
export function createDossier(
  { upstream, signal }: GatewayContext,
  input: CreateDossierInput,
): Promise<Dossier> {
  checkInput(rules, input);
  const body = {
    title: input.title,
    ...(input.supportEmail == null ? {} : { support_email: input.supportEmail }),
    documents_metadata: wireDocumentsOf(input.documents),
  };
  return translated(create(upstream, body, { signal }));
}
