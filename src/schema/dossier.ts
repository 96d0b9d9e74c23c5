import { dossier } from '../resolvers/dossier.ts';
import type { DocumentMetadata, Dossier } from '../upstream/decode.ts';
import { builder } from './builder.ts';
import { SignatureFieldType } from './document.ts';
import { STAFF_READS } from './rules.ts';

const DocumentTemplate = builder.objectRef<DocumentMetadata>('DocumentTemplate').implement({
  description: 'A document that every request of the dossier will have.',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'Shown to the citizen.' }),
    fields: t.field({
      type: [SignatureFieldType],
      description: 'Its signature fields.',
      resolve: ({ fields }) => fields,
    }),
  }),
});

export const DossierType = builder.objectRef<Dossier>('Dossier');
DossierType.implement({
  description: 'What is to be signed, for any number of citizens. Once made it never changes.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The service’s own id.' }),
    title: t.exposeString('title', { description: 'Shown to the citizen.' }),
    supportEmail: t.exposeString('supportEmail', {
      nullable: true,
      description: 'Where the citizen can ask for help. The institution’s own address unless one was given.',
    }),
    documents: t.field({
      type: [DocumentTemplate],
      description: 'The documents of its requests.',
      resolve: ({ documents }) => documents,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was made.',
      resolve: ({ createdAt }) => createdAt,
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: 'The same moment, give or take a millisecond.',
      resolve: ({ updatedAt }) => updatedAt,
    }),
  }),
});

builder.queryField('dossier', (t) =>
  t.field({
    type: DossierType,
    nullable: true,
    authScopes: STAFF_READS,
    description: 'A dossier by its id. Null when it does not exist, or is not yours.',
    args: { id: t.arg.id({ required: true, description: 'The service’s own id.' }) },
    resolve: (_, { id }, context) => dossier(context, id),
  }),
);
