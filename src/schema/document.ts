import type { SignatureField } from '../upstream/decode.ts';
import { rejectReasons } from '../resolvers/errors/domain-errors.ts';
import type { DocumentOfRequest } from '../resolvers/signature-request.ts';
import { documentStatusOf } from '../resolvers/status.ts';
import { builder } from './builder.ts';
import { DocumentStatus } from './status.ts';

type Position = SignatureField['position'];
type NamedField = Extract<Position, { uniqueName: string }>;
type FieldBox = Extract<Position, { page: number }>;

const NamedFieldType = builder.objectRef<NamedField>('NamedField').implement({
  description: 'A signature field that exists in the PDF.',
  fields: (t) => ({ uniqueName: t.exposeString('uniqueName', { description: 'Its name in the PDF.' }) }),
});

const FieldBoxType = builder.objectRef<FieldBox>('FieldBox').implement({
  description: 'A signature field that the service draws.',
  fields: (t) => ({
    page: t.exposeFloat('page', { description: 'The page, counted from 0.' }),
    x: t.exposeFloat('x', {
      description: 'From the left edge of the page to the box, in points (1/72 inch).',
    }),
    y: t.exposeFloat('y', { description: 'From the top edge of the page down to the box, in points.' }),
    width: t.exposeFloat('width', { description: 'Width of the box in points.' }),
    height: t.exposeFloat('height', { description: 'Height of the box in points.' }),
  }),
});

const FieldPosition = builder.unionType('FieldPosition', {
  description: 'Where a signature goes.',
  types: [NamedFieldType, FieldBoxType],
  resolveType: (position) => ('uniqueName' in position ? NamedFieldType : FieldBoxType),
});

const ClauseType = builder.objectRef<SignatureField['clause']>('Clause').implement({
  description: 'What the citizen agrees to with one signature.',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'Shown to the citizen.' }),
    type: t.exposeString('type', {
      description: '`REQUIRED`, `UNFAIR` (unfair terms, approved on their own) or `OPTIONAL`.',
    }),
  }),
});

export const SignatureFieldType = builder.objectRef<SignatureField>('SignatureField').implement({
  description: 'A clause and the place of its signature.',
  fields: (t) => ({
    clause: t.field({ type: ClauseType, description: 'What is agreed to.', resolve: ({ clause }) => clause }),
    position: t.field({
      type: FieldPosition,
      description: 'Where the signature goes.',
      resolve: ({ position }) => position,
    }),
  }),
});

export const DocumentType = builder.objectRef<DocumentOfRequest>('Document').implement({
  description: 'A document of a signature request.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The service’s own id.' }),
    status: t.field({
      type: DocumentStatus,
      description: 'Where the document stands.',
      resolve: ({ status }) => documentStatusOf(status),
    }),
    title: t.exposeString('title', { description: 'Shown to the citizen.' }),
    fields: t.field({
      type: [SignatureFieldType],
      description: 'Its signature fields. Empty: one invisible signature on the whole document.',
      resolve: ({ fields }) => fields,
    }),
    rejectReasons: t.stringList({
      description: 'Why the service refused the uploaded file, word for word. Empty unless `REJECTED`.',
      resolve: rejectReasons,
    }),
    downloadUrl: t.field({
      type: 'URL',
      nullable: true,
      description:
        'Where the signed PDF can be downloaded, made anew with each read. It lives 5 minutes, and whoever has it can read the document: browsers that should not see it have `/documents/{requestId}/{documentId}.pdf` of the gateway. Null unless the request is `SIGNED`, and when the service could not make a link. Files vanish 90 days after signing: the link is still made, and answers 404.',
      resolve: ({ download }) => download?.()?.url,
    }),
    downloadUrlExpiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'From then on `downloadUrl` is refused, by the clock of the storage: read again in good time. Null when there is no link, or it does not say.',
      resolve: ({ download }) => download?.()?.expiresAt,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was made.',
      resolve: ({ createdAt }) => createdAt,
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: 'When its status last changed.',
      resolve: ({ updatedAt }) => updatedAt,
    }),
    uploadedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the check of the uploaded file began. Null before an upload.',
      resolve: ({ uploadedAt }) => uploadedAt,
    }),
    rejectedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the file was refused. Null unless `REJECTED`.',
      resolve: ({ rejectedAt }) => rejectedAt,
    }),
  }),
});
