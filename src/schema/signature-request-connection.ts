import { MAX_FIRST, requestsOfDossier } from '../resolvers/pagination.ts';
import type { Connection, Edge, PageInfo } from '../resolvers/pagination.ts';
import { builder } from './builder.ts';
import { DossierType } from './dossier.ts';
import { STAFF_READS } from './rules.ts';
import { SignatureRequestType } from './signature-request.ts';

const PageInfoType = builder.objectRef<PageInfo>('PageInfo').implement({
  description: 'How to go on in a list. Lists go forward only.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether there is more.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'Always false: there is no way to ask for the page before this one.',
    }),
    startCursor: t.exposeString('startCursor', {
      nullable: true,
      description: 'The cursor of the first item. Null when the page has none.',
    }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description: 'Pass it as `after` to go on. Null when there is nothing to go on behind.',
    }),
  }),
});

const EdgeType = builder.objectRef<Edge>('SignatureRequestEdge').implement({
  description: 'An item of a list and where it stands.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'Pass it as `after` to go on behind this item.' }),
    node: t.field({
      type: SignatureRequestType,
      nullable: true,
      description:
        'The signature request. Null, with an error of code `UPSTREAM_CONTRACT` at its path, when the gateway cannot read this item of the service’s list; the other items are not affected.',
      resolve: nodeOf,
    }),
  }),
});

/** An item that cannot be read fails alone. */
function nodeOf({ node }: Edge): Exclude<Edge['node'], Error> | Promise<never> {
  return node instanceof Error ? Promise.reject(node) : node;
}

const ConnectionType = builder.objectRef<Connection>('SignatureRequestConnection').implement({
  description:
    'A page of signature requests. The service knows no total. A page may have fewer items than were asked for although there is more: see `hasNextPage`.',
  fields: (t) => ({
    edges: t.field({
      type: [EdgeType],
      description: 'The items with their cursors.',
      resolve: ({ edges }) => edges,
    }),
    nodes: t.field({
      type: [SignatureRequestType],
      nullable: { list: false, items: true },
      description:
        'The signature requests without their cursors. Null in the place of an item that cannot be read: see `SignatureRequestEdge.node`.',
      resolve: ({ edges }) => edges.map(nodeOf),
    }),
    pageInfo: t.field({
      type: PageInfoType,
      description: 'How to go on.',
      resolve: ({ pageInfo }) => pageInfo,
    }),
  }),
});

builder.objectField(DossierType, 'signatureRequests', (t) =>
  t.field({
    type: ConnectionType,
    nullable: true,
    authScopes: STAFF_READS,
    description:
      'Its requests, in practice oldest first: those made while you page come at the end. A page whose items need only list fields costs one call of the service for each 100 of them, and one that asks for more, such as `documents`, one more for each item.',
    args: {
      first: t.arg.int({ required: true, defaultValue: 25, description: `How many, 1 to ${MAX_FIRST}.` }),
      after: t.arg.string({ description: 'The cursor to go on behind.' }),
    },
    resolve: ({ id }, args, context) => requestsOfDossier(context, id, args),
  }),
);
