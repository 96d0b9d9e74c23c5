import {
  IdempotencyConflictError,
  InvalidInputError,
  NotFoundError,
  OutcomeUnknownError,
} from '../../resolvers/errors/domain-errors.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { DocumentInput } from '../document-input.ts';
import { SignatureRequestType } from '../signature-request.ts';
import { createSignatureRequest } from '../../resolvers/mutations/create-signature-request.ts';
import { builder } from '../builder.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { OWN_WRITES } from '../rules.ts';

const Input = builder.inputType('CreateSignatureRequestInput', {
  description: 'What `createSignatureRequest` takes.',
  fields: (t) => ({
    dossierId: t.id({ required: true, description: 'From `createDossier`.' }),
    signerId: t.id({ required: true, description: 'From `findSigner`.' }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'Until when the citizen can sign; in the future. Default: 90 days, which is also when uploaded files vanish.',
    }),
    documents: t.field({
      type: [DocumentInput],
      description: 'Documents of this request alone, in place of those of the dossier; 1 to 100.',
    }),
    idempotencyKey: t.string(idempotencyKey),
  }),
});

const Payload = builder
  .objectRef<{ signatureRequest: SignatureRequest }>('CreateSignatureRequestPayload')
  .implement({
    description: 'The request was made.',
    fields: (t) => ({
      signatureRequest: t.field({
        type: SignatureRequestType,
        description: 'The request, with the ids of the documents to upload.',
        resolve: ({ signatureRequest }) => signatureRequest,
      }),
    }),
  });

builder.mutationField('createSignatureRequest', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: OWN_WRITES,
    description:
      'Step 3: makes a request, in status DRAFT, for one citizen. Every call makes a new one, but for a repeat with the same `idempotencyKey`.',
    errors: {
      types: [InvalidInputError, NotFoundError, IdempotencyConflictError, OutcomeUnknownError],
      union: { description: 'What `createSignatureRequest` answers with.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'What to do.' }) },
    resolve: async (_, { input }, context) => ({
      signatureRequest: await createSignatureRequest(context, input),
    }),
  }),
);
