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
  description: 'The input of `createDossier`.',
  fields: (t) => ({
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
});

const Payload = builder.objectRef<{ dossier: Dossier }>('CreateDossierPayload').implement({
  description: 'The dossier was created.',
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
      'Step 1: creates a dossier. Each call creates a new dossier, unless it is a retry with the same `idempotencyKey`. A retry returns `NotFoundError` when the dossier of the first call no longer exists.',
    errors: {
      types: [InvalidInputError, NotFoundError, IdempotencyConflictError, OutcomeUnknownError],
      union: { description: 'The payload of `createDossier`, or an error.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'The fields of the input.' }) },
    resolve: async (_, { input }, context) => ({ dossier: await createDossier(context, input) }),
  }),
);
