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
  description: 'What `markReady` takes.',
  fields: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The signature request.' }),
    waitSeconds: t.int(waitSeconds),
  }),
});

const Payload = builder.objectRef<{ signatureRequest: SignatureRequest }>('MarkReadyPayload').implement({
  description: 'The request was handed over.',
  fields: (t) => ({
    signatureRequest: t.field({
      type: SignatureRequestType,
      description:
        'The request as it is; `qrCode` is null when the time was up before the service had made it.',
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
      'Step 5: hands the request over, and waits until it has its QR code. Waits for documents that are still being checked first. Safe to repeat. The service accepts it also when `isExpired`, though the citizen can no longer sign.',
    errors: {
      types: [
        InvalidInputError,
        NotFoundError,
        WrongStatusError,
        DocumentsNotReadyError,
        DocumentRejectedError,
        OutcomeUnknownError,
      ],
      union: { description: 'What `markReady` answers with.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'What to do.' }) },
    resolve: async (_, { input }, context) => ({ signatureRequest: await markReady(context, input) }),
  }),
);
