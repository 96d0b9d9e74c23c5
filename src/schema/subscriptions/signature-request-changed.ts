import { eventOf, signatureRequestChanged } from '../../resolvers/signature-request-changed.ts';
import { builder } from '../builder.ts';
import { OWN_READS } from '../scopes.ts';
import { SignatureRequestType } from '../signature-request.ts';

builder.subscriptionType({
  description:
    'Events, as server-sent events. Send the operation with the header `Accept: text/event-stream`.',
});

builder.subscriptionField('signatureRequestChanged', (t) =>
  t.field({
    type: SignatureRequestType,
    scopes: OWN_READS,
    // The first event. All subscribers share the later reads, which have a separate rate limit.
    complexity: 1,
    description:
      'The current state of a signature request, then its new state after each change of the request or of its documents. The stream completes when `status` is `SIGNED`, `REJECTED` or `CANCELLED`. After a lost connection, subscribe again: the first event is the current state. If the signature request does not exist or the caller may not access it, the stream ends with an error of code `NOT_FOUND`. Changes made through this gateway arrive within a second. Changes made by the citizen arrive within 15 seconds, or within a minute if the signature request has not changed for a long time.',
    args: { id: t.arg.id({ required: true, description: 'The id of the signature request.' }) },
    subscribe: (_, { id }, context) => signatureRequestChanged(context, id),
    resolve: (request, _, context) => eventOf(context, request),
  }),
);
