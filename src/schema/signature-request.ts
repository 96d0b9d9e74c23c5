import {
  fromDetail,
  documentsOf,
  isExpired,
  qrCodeImage,
  qrCodeOf,
  signatureRequest,
} from '../resolvers/signature-request.ts';
import type { AnySignatureRequest, QrCode } from '../resolvers/signature-request.ts';
import { dossier } from '../resolvers/dossier.ts';
import { requestStatusOf } from '../resolvers/status.ts';
import type { Notification } from '../upstream/decode.ts';
import { builder } from './builder.ts';
import { describedEnum } from './described-enum.ts';
import { DocumentType } from './document.ts';
import { DossierType } from './dossier.ts';
import { OWN_READS } from './rules.ts';
import { SignatureRequestStatus } from './status.ts';

const QrCodeFormat = describedEnum<'SVG' | 'PNG'>('QrCodeFormat', 'A picture format.', {
  SVG: 'Scalable; the better choice for pages.',
  PNG: '480 × 480 pixels or a little less.',
});

const QrCodeType = builder.objectRef<QrCode>('QrCode').implement({
  description: 'What takes the citizen to the signature in the IO app.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      description: 'The service’s own picture of the QR code (PNG).',
      resolve: ({ url }) => url(),
    }),
    link: t.field({
      type: 'URL',
      description: 'What the QR code says: opens the request in the IO app of a phone.',
      resolve: ({ link }) => link,
    }),
    image: t.string({
      description: 'The QR code as a data URI made by this gateway, so that a page needs no other server.',
      args: {
        format: t.arg({
          type: QrCodeFormat,
          required: true,
          defaultValue: 'SVG',
          description: 'The picture format.',
        }),
      },
      resolve: (qrCode, { format }) => qrCodeImage(qrCode, format),
    }),
  }),
});

const NotificationType = builder.objectRef<Notification>('Notification').implement({
  description: 'The message that told the citizen about the request in the IO app.',
  fields: (t) => ({ ioMessageId: t.exposeID('ioMessageId', { description: 'Its id in IO.' }) }),
});

export const SignatureRequestType = builder.objectRef<AnySignatureRequest>('SignatureRequest').implement({
  description: 'Documents for one citizen to sign.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The service’s own id, as in QR links and IO messages.' }),
    status: t.field({
      type: SignatureRequestStatus,
      description: 'Where it stands.',
      resolve: ({ status }) => requestStatusOf(status),
    }),
    signerId: t.exposeID('signerId', { description: 'The citizen, as `findSigner` identifies them.' }),
    dossier: t.field({
      type: DossierType,
      nullable: true,
      authScopes: OWN_READS,
      description: 'What it was made from. One more call of the service.',
      resolve: ({ dossierId }, _, context) => dossier(context, dossierId),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was made.',
      resolve: ({ createdAt }) => createdAt,
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: 'When its status last changed; uploads and the notification do not count.',
      resolve: ({ updatedAt }) => updatedAt,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'From then on the IO app no longer lets the citizen sign.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
    isExpired: t.boolean({
      description:
        'Whether `expiresAt` has passed on a request that was neither signed nor cancelled. Computed: the service has no such status.',
      resolve: isExpired,
    }),
    documents: t.field({
      type: [DocumentType],
      nullable: true,
      description:
        'Its documents, in the order of the dossier. On an item of a list: one more call of the service.',
      resolve: (request, _, context) => fromDetail(context, request, documentsOf),
    }),
    qrCode: t.field({
      type: QrCodeType,
      nullable: true,
      description: 'Null unless the request waits for its signature.',
      resolve: (request, _, context) => fromDetail(context, request, qrCodeOf),
    }),
    notification: t.field({
      type: NotificationType,
      nullable: true,
      description: 'Null until `notifySigner` has sent it, and on a cancelled request.',
      resolve: (request, _, context) => fromDetail(context, request, (whole) => whole.notification),
    }),
    rejectReason: t.string({
      nullable: true,
      description: 'What the trust provider said, word for word. Null unless `REJECTED`.',
      resolve: (request, _, context) => fromDetail(context, request, (whole) => whole.rejectReason),
    }),
    signedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the service learnt of the signature. Null unless `SIGNED`.',
      resolve: (request, _, context) => fromDetail(context, request, (whole) => whole.signedAt),
    }),
    rejectedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the signature failed. Null unless `REJECTED`.',
      resolve: (request, _, context) => fromDetail(context, request, (whole) => whole.rejectedAt),
    }),
    cancelledAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When you cancelled it. Null unless `CANCELLED`.',
      resolve: (request, _, context) => fromDetail(context, request, (whole) => whole.cancelledAt),
    }),
  }),
});

builder.queryField('signatureRequest', (t) =>
  t.field({
    type: SignatureRequestType,
    nullable: true,
    authScopes: OWN_READS,
    description: 'A signature request by its id. Null when it does not exist, or is not yours.',
    args: { id: t.arg.id({ required: true, description: 'The service’s own id.' }) },
    resolve: (_, { id }, context) => signatureRequest(context, id),
  }),
);
