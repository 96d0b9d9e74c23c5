import {
  IdempotencyConflictError,
  InvalidInputError,
  NotFoundError,
  OutcomeUnknownError,
} from '../../resolvers/errors/domain-errors.ts';
import { createSignatureRequest } from '../../resolvers/mutations/create-signature-request.ts';
import { defineMutation, idempotencyKey } from '../builder.ts';
import { DocumentInput } from '../document-input.ts';
import { OWN_WRITES } from '../scopes.ts';
import { SignatureRequestType } from '../signature-request.ts';

defineMutation({
  name: 'createSignatureRequest',
  description:
    'Step 3: creates a signature request, in status `DRAFT`, for one signer. Each call creates a new signature request, unless it is a retry with the same `idempotencyKey`. `NotFoundError` is for the dossier, or in a retry for the signature request of the first call, when it no longer exists.',
  scopes: OWN_WRITES,
  input: (t) => ({
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
  // A key adds the reads that search for the result of an earlier call without an answer.
  cost: ({ idempotencyKey }) => (idempotencyKey == null ? 1 : 5),
  resolve: async (context, input) => ({
    signatureRequest: await createSignatureRequest(context, input),
  }),
  payload: {
    description: 'The signature request was created.',
    fields: (t) => ({
      signatureRequest: t.expose('signatureRequest', {
        type: SignatureRequestType,
        description: 'The new signature request, with the ids of the documents to upload.',
      }),
    }),
  },
  errors: [InvalidInputError, NotFoundError, IdempotencyConflictError, OutcomeUnknownError],
});
