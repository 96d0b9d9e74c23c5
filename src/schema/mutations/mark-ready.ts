import {
  DocumentRejectedError,
  DocumentsNotReadyError,
  InvalidInputError,
  NotFoundError,
  OutcomeUnknownError,
  WrongStatusError,
} from '../../resolvers/errors/domain-errors.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { SignatureRequestType } from '../signature-request.ts';
import { waitSeconds } from './wait-seconds.ts';
import { markReady } from '../../resolvers/mutations/mark-ready.ts';
import { builder } from '../builder.ts';
import { OWN_WRITES } from '../rules.ts';

const Input = builder.inputType('MarkReadyInput', {
  description: 'The input of `markReady`.',
  fields: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The id of the signature request.' }),
    waitSeconds: t.int(waitSeconds),
  }),
});

const Payload = builder.objectRef<{ signatureRequest: SignatureRequest }>('MarkReadyPayload').implement({
  description: 'The signature request is marked as ready.',
  fields: (t) => ({
    signatureRequest: t.field({
      type: SignatureRequestType,
      description:
        'The current signature request. `qrCode` is null when the wait ended before the service created it.',
      resolve: ({ signatureRequest }) => signatureRequest,
    }),
  }),
});

builder.mutationField('markReady', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: OWN_WRITES,
    description:
      'Step 5: marks a signature request as ready. It first waits until the service has validated the documents, then until the QR code exists. Retries are safe. The service also accepts an expired signature request, which the citizen can no longer sign.',
    errors: {
      types: [
        InvalidInputError,
        NotFoundError,
        WrongStatusError,
        DocumentsNotReadyError,
        DocumentRejectedError,
        OutcomeUnknownError,
      ],
      union: { description: 'The payload of `markReady`, or an error.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'The fields of the input.' }) },
    resolve: async (_, { input }, context) => ({ signatureRequest: await markReady(context, input) }),
  }),
);
