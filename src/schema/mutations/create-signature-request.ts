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
  description: 'The input of `createSignatureRequest`.',
  fields: (t) => ({
    dossierId: t.id({
      required: true,
      description: 'The id of the dossier, as returned by `createDossier`.',
    }),
    signerId: t.id({ required: true, description: 'The id of the signer, as returned by `findSigner`.' }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'When the signature request expires; in the future. If null, in 90 days, which is also when the service deletes uploaded files.',
    }),
    documents: t.field({
      type: [DocumentInput],
      description:
        'The documents of this signature request, from 1 to 100. They replace those of the dossier. If null, the documents of the dossier.',
    }),
    idempotencyKey: t.string(idempotencyKey),
  }),
});

const Payload = builder
  .objectRef<{ signatureRequest: SignatureRequest }>('CreateSignatureRequestPayload')
  .implement({
    description: 'The signature request was created.',
    fields: (t) => ({
      signatureRequest: t.field({
        type: SignatureRequestType,
        description: 'The new signature request, with the ids of the documents to upload.',
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
      'Step 3: creates a signature request, in status `DRAFT`, for one signer. Each call creates a new signature request, unless it is a retry with the same `idempotencyKey`. `NotFoundError` is for the dossier, or in a retry for the signature request of the first call, when it no longer exists.',
    errors: {
      types: [InvalidInputError, NotFoundError, IdempotencyConflictError, OutcomeUnknownError],
      union: { description: 'The payload of `createSignatureRequest`, or an error.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'The fields of the input.' }) },
    resolve: async (_, { input }, context) => ({
      signatureRequest: await createSignatureRequest(context, input),
    }),
  }),
);
