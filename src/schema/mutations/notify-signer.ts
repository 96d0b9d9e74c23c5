import {
  AlreadyNotifiedError,
  IdempotencyConflictError,
  InvalidInputError,
  NotFoundError,
  OutcomeUnknownError,
  SignerUnavailableError,
  WrongStatusError,
} from '../../resolvers/errors/domain-errors.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { SignatureRequestType } from '../signature-request.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { waitSeconds } from './wait-seconds.ts';
import { notifySigner } from '../../resolvers/mutations/notify-signer.ts';
import { builder } from '../builder.ts';
import { OWN_WRITES } from '../rules.ts';

const Input = builder.inputType('NotifySignerInput', {
  description: 'The input of `notifySigner`.',
  fields: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The id of the signature request.' }),
    waitSeconds: t.int(waitSeconds),
    idempotencyKey: t.string(idempotencyKey),
  }),
});

const Payload = builder.objectRef<{ signatureRequest: SignatureRequest }>('NotifySignerPayload').implement({
  description: 'The notification was sent.',
  fields: (t) => ({
    signatureRequest: t.field({
      type: SignatureRequestType,
      description: 'The signature request, with its notification.',
      resolve: ({ signatureRequest }) => signatureRequest,
    }),
  }),
});

builder.mutationField('notifySigner', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: OWN_WRITES,
    description:
      'After step 5, optional: sends the citizen the notification in the IO app, once per signature request. It first waits for the status `WAIT_FOR_SIGNATURE`. A retry returns `AlreadyNotifiedError`; with the same `idempotencyKey` it returns the outcome of the first call. The service also notifies about an expired signature request, which the citizen can no longer sign.',
    errors: {
      types: [
        InvalidInputError,
        NotFoundError,
        WrongStatusError,
        AlreadyNotifiedError,
        SignerUnavailableError,
        IdempotencyConflictError,
        OutcomeUnknownError,
      ],
      union: { description: 'The payload of `notifySigner`, or an error.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'The fields of the input.' }) },
    resolve: async (_, { input }, context) => ({ signatureRequest: await notifySigner(context, input) }),
  }),
);
