import { MAX_FIRST, mostCallsOf, requestsOfDossier } from '../resolvers/pagination.ts';
import type { Connection, Edge, PageInfo } from '../resolvers/pagination.ts';
import { builder } from './builder.ts';
import { DossierType } from './dossier.ts';
import { STAFF_READS } from './scopes.ts';
import { SignatureRequestType } from './signature-request.ts';

const PageInfoType = builder.objectRef<PageInfo>('PageInfo').implement({
  description: 'Information for pagination. Lists page forward only.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether more items follow this page.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'Always false: lists do not page backward.',
    }),
    startCursor: t.exposeString('startCursor', {
      nullable: true,
      description: 'The cursor of the first item. Null when the page is empty.',
    }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description:
        'The cursor to pass as `after` for the next page. An empty page has one when more items follow. Null when an empty page is the last.',
    }),
  }),
});

const EdgeType = builder.objectRef<Edge>('SignatureRequestEdge').implement({
  description: 'An item of a list and its cursor.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', {
      description: 'The cursor of this item. Pass it as `after` to continue behind the item.',
    }),
    node: t.field({
      type: SignatureRequestType,
      nullable: true,
      description:
        'The signature request. Null, with an error of code `UPSTREAM_CONTRACT` at its path, when the item breaks the contract of the service. Other items are not affected.',
      resolve: nodeOf,
    }),
  }),
});

/** An item that violates the contract does not fail the other items. */
function nodeOf({ node }: Edge): Exclude<Edge['node'], Error> | Promise<never> {
  return node instanceof Error ? Promise.reject(node) : node;
}

const ConnectionType = builder.objectRef<Connection>('SignatureRequestConnection').implement({
  description:
    'A page of signature requests. There is no total count: the service does not have one. A page can have fewer items than `first` although more follow: see `hasNextPage`.',
  fields: (t) => ({
    edges: t.field({
      type: [EdgeType],
      description: 'The items of the page with their cursors.',
      resolve: ({ edges }) => edges,
    }),
    nodes: t.field({
      type: [SignatureRequestType],
      nullable: { list: false, items: true },
      description:
        'The signature requests of the page, without cursors. An item that breaks the contract of the service is null: see `SignatureRequestEdge.node`.',
      resolve: ({ edges }) => edges.map(nodeOf),
    }),
    pageInfo: t.field({
      type: PageInfoType,
      description: 'Information for pagination.',
      resolve: ({ pageInfo }) => pageInfo,
    }),
  }),
});

builder.objectField(DossierType, 'signatureRequests', (t) =>
  t.field({
    type: ConnectionType,
    nullable: true,
    authScopes: STAFF_READS,
    complexity: ({ first }) => ({ field: mostCallsOf(first), multiplier: Math.min(first, MAX_FIRST) }),
    description:
      'The signature requests of the dossier, in the order of the service, which in practice is oldest first: requests that are created between two pages come at the end. The page costs one upstream call per 100 items. A field that the list does not contain, such as `documents`, costs one more upstream call per item. Null when the dossier no longer exists.',
    args: {
      first: t.arg.int({
        required: true,
        defaultValue: 25,
        description: `The maximum number of items, from 1 to ${MAX_FIRST}.`,
      }),
      after: t.arg.string({
        description:
          'The cursor of the item behind which the page starts. If null, the page starts with the first item.',
      }),
    },
    resolve: ({ id }, args, context) => requestsOfDossier(context, id, args),
  }),
);
