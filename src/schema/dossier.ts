import { dossier } from '../resolvers/dossier.ts';
import type { DocumentMetadata, Dossier } from '../upstream/decode.ts';
import { builder } from './builder.ts';
import { SignatureFieldType } from './document.ts';
import { STAFF_READS } from './scopes.ts';

const DocumentTemplate = builder.objectRef<DocumentMetadata>('DocumentTemplate').implement({
  description:
    'A document of a dossier. Each signature request of the dossier has it, unless the request has documents of its own.',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'The title shown to the citizen.' }),
    fields: t.field({
      type: [SignatureFieldType],
      description: 'The signature fields. If empty, one invisible signature covers the whole document.',
      resolve: ({ fields }) => fields,
    }),
  }),
});

export const DossierType = builder.objectRef<Dossier>('Dossier');
DossierType.implement({
  description:
    'A dossier (_dossier_): a title and the documents to sign, for any number of citizens. It never changes.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id that the service assigned.' }),
    title: t.exposeString('title', { description: 'The title shown to the citizen.' }),
    supportEmail: t.exposeString('supportEmail', {
      nullable: true,
      description:
        'The e-mail address to which the citizen can write for help. If `createDossier` received none, the address of the institution. Null when the service shows none.',
    }),
    documents: t.field({
      type: [DocumentTemplate],
      description: 'The documents to sign.',
      resolve: ({ documents }) => documents,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the dossier was created.',
      resolve: ({ createdAt }) => createdAt,
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: 'Equal to `createdAt`, within a millisecond: a dossier never changes.',
      resolve: ({ updatedAt }) => updatedAt,
    }),
  }),
});

builder.queryField('dossier', (t) =>
  t.field({
    type: DossierType,
    nullable: true,
    scopes: STAFF_READS,
    complexity: 1,
    description: 'The dossier with this id. Null when it does not exist or the caller may not access it.',
    args: { id: t.arg.id({ required: true, description: 'The id of the dossier.' }) },
    resolve: (_, { id }, context) => dossier(context, id),
  }),
);
