import { NotFoundError, WrongStatusError } from '../../resolvers/errors/domain-errors.ts';
import type { UploadUrl } from '../../resolvers/mutations/create-upload-url.ts';
import { UploadHeader } from '../upload-header.ts';
import { createUploadUrl } from '../../resolvers/mutations/create-upload-url.ts';
import { builder } from '../builder.ts';
import { OWN_WRITES } from '../rules.ts';

const Input = builder.inputType('CreateUploadUrlInput', {
  description: 'What `createUploadUrl` takes.',
  fields: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The signature request.' }),
    documentId: t.id({ required: true, description: 'The document.' }),
  }),
});

const Payload = builder.objectRef<UploadUrl>('CreateUploadUrlPayload').implement({
  description: 'An upload address. Whoever has it may upload.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      description: 'Where to send the file. A secret: it carries its own permission.',
      resolve: ({ url }) => url,
    }),
    method: t.exposeString('method', { description: 'The HTTP method, `PUT`.' }),
    headers: t.field({
      type: [UploadHeader],
      description: 'Headers to send besides `Content-Length`.',
      resolve: ({ headers }) => [...headers],
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Until when the address works: 15 minutes.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
  }),
});

builder.mutationField('createUploadUrl', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: OWN_WRITES,
    description:
      'Step 4, straight to the storage: an address to which the caller sends the PDF itself. Poll the request for the outcome.',
    errors: {
      types: [NotFoundError, WrongStatusError],
      union: { description: 'What `createUploadUrl` answers with.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'What to do.' }) },
    resolve: (_, { input }, context) => createUploadUrl(context, input),
  }),
);
