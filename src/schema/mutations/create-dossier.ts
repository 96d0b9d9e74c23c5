import {
  IdempotencyConflictError,
  InvalidInputError,
  NotFoundError,
  OutcomeUnknownError,
} from '../../resolvers/errors/domain-errors.ts';
import type { Dossier } from '../../upstream/decode.ts';
import { DocumentInput } from '../document-input.ts';
import { DossierType } from '../dossier.ts';
import { createDossier } from '../../resolvers/mutations/create-dossier.ts';
import { builder } from '../builder.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { STAFF_WRITES } from '../rules.ts';

const Input = builder.inputType('CreateDossierInput', {
  description: 'What `createDossier` takes.',
  fields: (t) => ({
    title: t.string({ required: true, description: 'Shown to the citizen; not empty, not only blanks.' }),
    supportEmail: t.string({
      description: 'Where the citizen can ask for help. Default: the institution’s own address.',
    }),
    documents: t.field({ type: [DocumentInput], required: true, description: '1 to 100.' }),
    idempotencyKey: t.string(idempotencyKey),
  }),
});

const Payload = builder.objectRef<{ dossier: Dossier }>('CreateDossierPayload').implement({
  description: 'The dossier was made.',
  fields: (t) => ({
    dossier: t.field({
      type: DossierType,
      description: 'The new dossier.',
      resolve: ({ dossier }) => dossier,
    }),
  }),
});

builder.mutationField('createDossier', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: STAFF_WRITES,
    description:
      'Step 1: says what is to be signed. Every call makes a new dossier, but for a repeat with the same `idempotencyKey`. `NotFoundError`: what the first call made is no longer there.',
    errors: {
      types: [InvalidInputError, NotFoundError, IdempotencyConflictError, OutcomeUnknownError],
      union: { description: 'What `createDossier` answers with.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'What to do.' }) },
    resolve: async (_, { input }, context) => ({ dossier: await createDossier(context, input) }),
  }),
);
