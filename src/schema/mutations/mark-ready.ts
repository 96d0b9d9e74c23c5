import {
  DocumentRejectedError,
  DocumentsNotReadyError,
  InvalidInputError,
  NotFoundError,
  OutcomeUnknownError,
  WrongStatusError,
} from '../../resolvers/errors/domain-errors.ts';
import { markReady } from '../../resolvers/mutations/mark-ready.ts';
import { defineMutation, costOfWait, waitSeconds } from '../builder.ts';
import { OWN_WRITES } from '../scopes.ts';
import { SignatureRequestType } from '../signature-request.ts';

defineMutation({
  name: 'markReady',
  description:
    'Step 5: marks a signature request as ready. It first waits until the service has validated the documents, then until the QR code exists. Retries are safe. The service also accepts an expired signature request, which the citizen can no longer sign.',
  scopes: OWN_WRITES,
  input: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The id of the signature request.' }),
    waitSeconds: t.int(waitSeconds),
  }),
  cost: ({ waitSeconds }) => 3 + costOfWait(waitSeconds),
  resolve: async (context, input) => ({ signatureRequest: await markReady(context, input) }),
  payload: {
    description: 'The signature request is marked as ready.',
    fields: (t) => ({
      signatureRequest: t.expose('signatureRequest', {
        type: SignatureRequestType,
        description:
          'The current signature request. `qrCode` is null when the wait ended before the service created it.',
      }),
    }),
  },
  errors: [
    InvalidInputError,
    NotFoundError,
    WrongStatusError,
    DocumentsNotReadyError,
    DocumentRejectedError,
    OutcomeUnknownError,
  ],
});
