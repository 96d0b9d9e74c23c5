import { dossier } from '../resolvers/dossier.ts';
import { MAX_FIRST, mostCallsOf, requestsOfDossier } from '../resolvers/pagination.ts';
import type { Connection, Edge, PageInfo } from '../resolvers/pagination.ts';
import {
  fromDetail,
  documentsOf,
  isExpired,
  qrCodeImage,
  qrCodeOf,
  signatureRequest,
  withDetail,
} from '../resolvers/signature-request.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import type { AnySignatureRequest, QrCode } from '../resolvers/signature-request.ts';
import type { Notification } from '../upstream/decode.ts';
import { builder, describedEnum } from './builder.ts';
import { DocumentType } from './document.ts';
import { DossierType } from './dossier.ts';
import { SignatureRequestStatus, requestStatusOf } from './scalars.ts';
import { OWN_READS, STAFF_READS } from './scopes.ts';

const QrCodeFormat = describedEnum<'SVG' | 'PNG'>('QrCodeFormat', 'An image format.', {
  SVG: 'A vector image. Recommended for web pages.',
  PNG: 'A bitmap of at most 480 × 480 pixels.',
});

const QrCodeType = builder.objectRef<QrCode>('QrCode').implement({
  description: 'The QR code that opens the signature request in the IO app.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      description: 'The URL of the PNG image of the QR code that the service hosts.',
      resolve: ({ url }) => url(),
    }),
    link: t.field({
      type: 'URL',
      description: 'The link in the QR code. On a phone, it opens the signature request in the IO app.',
      resolve: ({ link }) => link,
    }),
    image: t.string({
      // It makes no upstream call, but takes as much work as one.
      complexity: 1,
      description:
        'The QR code as a data URI. The gateway creates the image, so a web page loads nothing from another server.',
      args: {
        format: t.arg({
          type: QrCodeFormat,
          required: true,
          defaultValue: 'SVG',
          description: 'The format of the image.',
        }),
      },
      resolve: (qrCode, { format }) => qrCodeImage(qrCode, format),
    }),
  }),
});

const NotificationType = builder.objectRef<Notification>('Notification').implement({
  description: 'The notification (_notifica_): the message in the IO app that asks for the signature.',
  fields: (t) => ({
    ioMessageId: t.exposeID('ioMessageId', { description: 'The id of the message in the IO app.' }),
  }),
});

export const SignatureRequestType = builder.objectRef<AnySignatureRequest>('SignatureRequest').implement({
  description:
    'A signature request (_richiesta di firma_): a dossier, one signer and the documents that the citizen signs.',
  extensions: {
    withDetail: (request: AnySignatureRequest, context: GatewayContext) => withDetail(context, request),
  },
  fields: (t) => ({
    id: t.exposeID('id', {
      description: 'The id that the service assigned. It also appears in QR code links and IO messages.',
    }),
    status: t.field({
      type: SignatureRequestStatus,
      description: 'The status of the signature request.',
      resolve: ({ status }) => requestStatusOf(status),
    }),
    signerId: t.exposeID('signerId', { description: 'The id of the signer, as returned by `findSigner`.' }),
    dossier: t.field({
      type: DossierType,
      nullable: true,
      scopes: OWN_READS,
      complexity: 1,
      description:
        'The dossier of the signature request. It costs one more upstream call. Null when the dossier does not exist.',
      resolve: ({ dossierId }, _, context) => dossier(context, dossierId),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the signature request was created.',
      resolve: ({ createdAt }) => createdAt,
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: 'When `status` last changed. Uploads and the notification do not change it.',
      resolve: ({ updatedAt }) => updatedAt,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'When the signature request expires. From then on the citizen can no longer sign in the IO app.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
    isExpired: t.boolean({
      description:
        'Whether `expiresAt` has passed and the signature request is neither `SIGNED` nor `CANCELLED`. The gateway computes it: the service has no such status.',
      resolve: isExpired,
    }),
  }),
});

const DETAIL = { complexity: 1, extensions: { isDetail: true } } as const;

/** The fields that a list does not contain. All of them share one upstream call: see `countDetailsOnce`. */
builder.objectFields(SignatureRequestType, (t) => ({
  documents: t.field({
    ...DETAIL,
    type: [DocumentType],
    nullable: true,
    description:
      'The documents, in the order of the dossier. On an item of a list it costs one more upstream call. Null when the signature request no longer exists.',
    resolve: (request, _, context) => fromDetail(context, request, documentsOf),
  }),
  qrCode: t.field({
    ...DETAIL,
    type: QrCodeType,
    nullable: true,
    description: 'The QR code. Null unless `status` is `WAIT_FOR_SIGNATURE`.',
    resolve: (request, _, context) => fromDetail(context, request, qrCodeOf),
  }),
  notification: t.field({
    ...DETAIL,
    type: NotificationType,
    nullable: true,
    description: 'The notification. Null until `notifySigner` has sent it, and when `status` is `CANCELLED`.',
    resolve: (request, _, context) => fromDetail(context, request, (whole) => whole.notification),
  }),
  rejectReason: t.string({
    ...DETAIL,
    nullable: true,
    description:
      'The reason for the failure, in the words of the trust service provider (QTSP). Null unless `status` is `REJECTED`.',
    resolve: (request, _, context) => fromDetail(context, request, (whole) => whole.rejectReason),
  }),
  signedAt: t.field({
    ...DETAIL,
    type: 'DateTime',
    nullable: true,
    description: 'When the service registered the signature. Null unless `status` is `SIGNED`.',
    resolve: (request, _, context) => fromDetail(context, request, (whole) => whole.signedAt),
  }),
  rejectedAt: t.field({
    ...DETAIL,
    type: 'DateTime',
    nullable: true,
    description: 'When the signature failed. Null unless `status` is `REJECTED`.',
    resolve: (request, _, context) => fromDetail(context, request, (whole) => whole.rejectedAt),
  }),
  cancelledAt: t.field({
    ...DETAIL,
    type: 'DateTime',
    nullable: true,
    description: 'When the signature request was cancelled. Null unless `status` is `CANCELLED`.',
    resolve: (request, _, context) => fromDetail(context, request, (whole) => whole.cancelledAt),
  }),
}));

builder.queryField('signatureRequest', (t) =>
  t.field({
    type: SignatureRequestType,
    nullable: true,
    scopes: OWN_READS,
    complexity: 1,
    description:
      'The signature request with this id. Null when it does not exist or the caller may not access it.',
    args: { id: t.arg.id({ required: true, description: 'The id of the signature request.' }) },
    resolve: (_, { id }, context) => signatureRequest(context, id),
  }),
);

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
    scopes: STAFF_READS,
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
