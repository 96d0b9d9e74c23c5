import {
  AlreadyNotifiedError,
  IdempotencyConflictError,
  InvalidInputError,
  NotFoundError,
  OutcomeUnknownError,
  SignerUnavailableError,
  WrongStatusError,
} from '../../resolvers/errors/domain-errors.ts';
import { notifySigner } from '../../resolvers/mutations/notify-signer.ts';
import { defineMutation, costOfWait, idempotencyKey, waitSeconds } from '../builder.ts';
import { OWN_WRITES } from '../scopes.ts';
import { SignatureRequestType } from '../signature-request.ts';

defineMutation({
  name: 'notifySigner',
  description:
    'After step 5, optional: sends the citizen the notification in the IO app, once per signature request. It first waits for the status `WAIT_FOR_SIGNATURE`. A retry returns `AlreadyNotifiedError`; with the same `idempotencyKey` it returns the outcome of the first call. The service also notifies about an expired signature request, which the citizen can no longer sign.',
  scopes: OWN_WRITES,
  input: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The id of the signature request.' }),
    waitSeconds: t.int(waitSeconds),
    idempotencyKey: t.string(idempotencyKey),
  }),
  cost: ({ waitSeconds }) => 3 + costOfWait(waitSeconds),
  resolve: async (context, input) => ({ signatureRequest: await notifySigner(context, input) }),
  payload: {
    description: 'The notification was sent.',
    fields: (t) => ({
      signatureRequest: t.expose('signatureRequest', {
        type: SignatureRequestType,
        description: 'The signature request, with its notification.',
      }),
    }),
  },
  errors: [
    InvalidInputError,
    NotFoundError,
    WrongStatusError,
    AlreadyNotifiedError,
    SignerUnavailableError,
    IdempotencyConflictError,
    OutcomeUnknownError,
  ],
});
