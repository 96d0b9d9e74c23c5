import {
  NotFoundError,
  OutcomeUnknownError,
  WrongStatusError,
} from '../../resolvers/errors/domain-errors.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { SignatureRequestType } from '../signature-request.ts';
import { cancelSignatureRequest } from '../../resolvers/mutations/cancel-signature-request.ts';
import { builder } from '../builder.ts';
import { STAFF_WRITES } from '../rules.ts';

const Input = builder.inputType('CancelSignatureRequestInput', {
  description: 'What `cancelSignatureRequest` takes.',
  fields: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The signature request.' }),
  }),
});

const Payload = builder
  .objectRef<{ signatureRequest: SignatureRequest }>('CancelSignatureRequestPayload')
  .implement({
    description: 'The request was cancelled.',
    fields: (t) => ({
      signatureRequest: t.field({
        type: SignatureRequestType,
        description: 'The request.',
        resolve: ({ signatureRequest }) => signatureRequest,
      }),
    }),
  });

builder.mutationField('cancelSignatureRequest', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: STAFF_WRITES,
    description:
      'Cancels a request that waits for its signature. A citizen who is signing at that moment may still hold a signed document.',
    errors: {
      types: [NotFoundError, WrongStatusError, OutcomeUnknownError],
      union: { description: 'What `cancelSignatureRequest` answers with.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'What to do.' }) },
    resolve: async (_, { input }, context) => ({
      signatureRequest: await cancelSignatureRequest(context, input),
    }),
  }),
);
