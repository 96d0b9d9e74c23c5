import {
  IdempotencyConflictError,
  InvalidInputError,
  NotFoundError,
  OutcomeUnknownError,
} from '../../resolvers/errors/domain-errors.ts';
import { createDossier } from '../../resolvers/mutations/create-dossier.ts';
import { defineMutation, idempotencyKey } from '../builder.ts';
import { DocumentInput } from '../document-input.ts';
import { DossierType } from '../dossier.ts';
import { STAFF_WRITES } from '../scopes.ts';

defineMutation({
  name: 'createDossier',
  description:
    'Step 1: creates a dossier. Each call creates a new dossier, unless it is a retry with the same `idempotencyKey`. A retry returns `NotFoundError` when the dossier of the first call no longer exists.',
  scopes: STAFF_WRITES,
  input: (t) => ({
    title: t.string({
      required: true,
      description: 'The title shown to the citizen; at least one visible character.',
    }),
    supportEmail: t.string({
      description:
        'The e-mail address to which the citizen can write for help. If null, the address of the institution.',
    }),
    documents: t.field({
      type: [DocumentInput],
      required: true,
      description: 'The documents to sign, from 1 to 100.',
    }),
    idempotencyKey: t.string(idempotencyKey),
  }),
  cost: 1,
  resolve: async (context, input) => ({ dossier: await createDossier(context, input) }),
  payload: {
    description: 'The dossier was created.',
    fields: (t) => ({
      dossier: t.expose('dossier', { type: DossierType, description: 'The new dossier.' }),
    }),
  },
  errors: [InvalidInputError, NotFoundError, IdempotencyConflictError, OutcomeUnknownError],
});
