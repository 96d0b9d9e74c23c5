import {
  NotFoundError,
  OutcomeUnknownError,
  WrongStatusError,
} from '../../resolvers/errors/domain-errors.ts';
import { cancelSignatureRequest } from '../../resolvers/mutations/cancel-signature-request.ts';
import { defineMutation } from '../builder.ts';
import { STAFF_WRITES } from '../scopes.ts';
import { SignatureRequestType } from '../signature-request.ts';

defineMutation({
  name: 'cancelSignatureRequest',
  description:
    'Cancels a signature request in status `WAIT_FOR_SIGNATURE`. A citizen who signs at the same time may still receive a signed document.',
  scopes: STAFF_WRITES,
  input: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The id of the signature request.' }),
  }),
  cost: 3,
  resolve: async (context, input) => ({
    signatureRequest: await cancelSignatureRequest(context, input),
  }),
  payload: {
    description: 'The signature request was cancelled.',
    fields: (t) => ({
      signatureRequest: t.expose('signatureRequest', {
        type: SignatureRequestType,
        description: 'The cancelled signature request.',
      }),
    }),
  },
  errors: [NotFoundError, WrongStatusError, OutcomeUnknownError],
});
