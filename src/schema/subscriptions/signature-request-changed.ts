import { eventOf, signatureRequestChanged } from '../../resolvers/signature-request-changed.ts';
import { builder } from '../builder.ts';
import { OWN_READS } from '../rules.ts';
import { SignatureRequestType } from '../signature-request.ts';

builder.subscriptionType({
  description:
    'What goes on by itself, as server-sent events: send the operation with `accept: text/event-stream`.',
});

builder.subscriptionField('signatureRequestChanged', (t) =>
  t.field({
    type: SignatureRequestType,
    authScopes: OWN_READS,
    description:
      'The signature request as it is now, then again after each change of it or of its documents. Completes when it is SIGNED, REJECTED or CANCELLED. Subscribe again after a broken connection: nothing is missed, as the first event is the current state. A request that does not exist, or is not yours, is an error with the code `NOT_FOUND`. What this gateway does itself shows within a second; what the citizen does, within a quarter of a minute, or a minute on a request that was quiet for long.',
    args: { id: t.arg.id({ required: true, description: 'The service’s own id.' }) },
    subscribe: (_, { id }, context) => signatureRequestChanged(context, id),
    resolve: (request, _, context) => eventOf(context, request),
  }),
);
