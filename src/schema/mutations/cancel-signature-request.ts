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
  description: 'The input of `cancelSignatureRequest`.',
  fields: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The id of the signature request.' }),
  }),
});

const Payload = builder
  .objectRef<{ signatureRequest: SignatureRequest }>('CancelSignatureRequestPayload')
  .implement({
    description: 'The signature request was cancelled.',
    fields: (t) => ({
      signatureRequest: t.field({
        type: SignatureRequestType,
        description: 'The cancelled signature request.',
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
      'Cancels a signature request in status `WAIT_FOR_SIGNATURE`. A citizen who signs at the same time may still receive a signed document.',
    errors: {
      types: [NotFoundError, WrongStatusError, OutcomeUnknownError],
      union: { description: 'The payload of `cancelSignatureRequest`, or an error.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'The fields of the input.' }) },
    resolve: async (_, { input }, context) => ({
      signatureRequest: await cancelSignatureRequest(context, input),
    }),
  }),
);
