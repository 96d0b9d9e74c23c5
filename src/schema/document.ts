import type { SignatureField } from '../upstream/decode.ts';
import { rejectReasons } from '../resolvers/errors/domain-errors.ts';
import type { DocumentOfRequest } from '../resolvers/signature-request.ts';
import { builder } from './builder.ts';
import { DocumentStatus, documentStatusOf } from './scalars.ts';

type Position = SignatureField['position'];
type NamedField = Extract<Position, { uniqueName: string }>;
type FieldBox = Extract<Position, { page: number }>;

const NamedFieldType = builder.objectRef<NamedField>('NamedField').implement({
  description: 'The position of a signature in a signature field of the PDF.',
  fields: (t) => ({
    uniqueName: t.exposeString('uniqueName', { description: 'The name of the signature field in the PDF.' }),
  }),
});

export const FieldBoxType = builder.objectRef<FieldBox>('FieldBox').implement({
  description: 'The position of a signature in a box on a page. All lengths are in points (1/72 inch).',
  fields: (t) => ({
    page: t.exposeFloat('page', { description: 'The index of the page; the first page is 0.' }),
    x: t.exposeFloat('x', {
      description: 'The distance from the left edge of the page to the box, in points.',
    }),
    y: t.exposeFloat('y', {
      description: 'The distance from the top edge of the page to the box, in points.',
    }),
    width: t.exposeFloat('width', { description: 'The width of the box, in points.' }),
    height: t.exposeFloat('height', { description: 'The height of the box, in points.' }),
  }),
});

const FieldPosition = builder.unionType('FieldPosition', {
  description: 'The position of a signature: a signature field of the PDF or a box on a page.',
  types: [NamedFieldType, FieldBoxType],
  resolveType: (position) => ('uniqueName' in position ? NamedFieldType : FieldBoxType),
});

const ClauseType = builder.objectRef<SignatureField['clause']>('Clause').implement({
  description: 'The clause (_clausola_) that the citizen accepts with one signature.',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'The title shown to the citizen.' }),
    type: t.exposeString('type', {
      description:
        '`REQUIRED`, `UNFAIR` (an unfair term, which must be signed separately) or `OPTIONAL`. See `ClauseType`.',
    }),
  }),
});

export const SignatureFieldType = builder.objectRef<SignatureField>('SignatureField').implement({
  description: 'A signature field (_campo firma_): a clause and the position of its signature.',
  fields: (t) => ({
    clause: t.field({
      type: ClauseType,
      description: 'The clause to sign.',
      resolve: ({ clause }) => clause,
    }),
    position: t.field({
      type: FieldPosition,
      description: 'The position of the signature.',
      resolve: ({ position }) => position,
    }),
  }),
});

export const DocumentType = builder.objectRef<DocumentOfRequest>('Document').implement({
  description: 'A document (_documento_) of a signature request: one PDF to sign.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id that the service assigned.' }),
    status: t.field({
      type: DocumentStatus,
      description: 'The status of the document.',
      resolve: ({ status }) => documentStatusOf(status),
    }),
    title: t.exposeString('title', { description: 'The title shown to the citizen.' }),
    fields: t.field({
      type: [SignatureFieldType],
      description: 'The signature fields. If empty, one invisible signature covers the whole document.',
      resolve: ({ fields }) => fields,
    }),
    rejectReasons: t.stringList({
      description:
        'The reasons for which the service rejected the uploaded file, in its own words. Empty unless `status` is `REJECTED`.',
      resolve: rejectReasons,
    }),
    downloadUrl: t.field({
      type: 'URL',
      nullable: true,
      description:
        'A pre-signed URL of the signed PDF, valid for 5 minutes from its creation. Each read creates a new one, unless the gateway keeps signed requests for a minute (`FINAL_REQUESTS_KEPT`). The URL is a secret: it permits the download without further credentials. To keep it from a browser, serve `/documents/{requestId}/{documentId}.pdf` of the gateway instead. Null unless the signature request is `SIGNED`, and when the service could not create the URL. The service deletes files 90 days after the signature; from then on the URL returns 404.',
      resolve: ({ download }) => download?.()?.url,
    }),
    downloadUrlExpiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When `downloadUrl` expires, by the clock of the storage. Read the field again for a new URL. Null when `downloadUrl` is null or does not state its expiry.',
      resolve: ({ download }) => download?.()?.expiresAt,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the document was created.',
      resolve: ({ createdAt }) => createdAt,
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: 'When the status last changed.',
      resolve: ({ updatedAt }) => updatedAt,
    }),
    uploadedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the validation of the uploaded file started. Null before the first upload.',
      resolve: ({ uploadedAt }) => uploadedAt,
    }),
    rejectedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the service rejected the file. Null unless `status` is `REJECTED`.',
      resolve: ({ rejectedAt }) => rejectedAt,
    }),
  }),
});
