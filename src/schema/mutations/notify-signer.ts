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
  description: 'What `notifySigner` takes.',
  fields: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The signature request.' }),
    waitSeconds: t.int(waitSeconds),
    idempotencyKey: t.string(idempotencyKey),
  }),
});

const Payload = builder.objectRef<{ signatureRequest: SignatureRequest }>('NotifySignerPayload').implement({
  description: 'The message was sent.',
  fields: (t) => ({
    signatureRequest: t.field({
      type: SignatureRequestType,
      description: 'The request with its notification.',
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
      'Step 5, optional: sends the citizen a message in the IO app, once per request. A repeat is told `AlreadyNotifiedError`; with the same `idempotencyKey` it gets the first outcome. Waits for WAIT_FOR_SIGNATURE first. The service sends it also when `isExpired`, though the citizen can no longer sign.',
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
      union: { description: 'What `notifySigner` answers with.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'What to do.' }) },
    resolve: async (_, { input }, context) => ({ signatureRequest: await notifySigner(context, input) }),
  }),
);
