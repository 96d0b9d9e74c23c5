import { NotFoundError, WrongStatusError } from '../../resolvers/errors/domain-errors.ts';
import type { UploadUrl } from '../../resolvers/mutations/create-upload-url.ts';
import { UploadHeader } from '../upload-header.ts';
import { createUploadUrl } from '../../resolvers/mutations/create-upload-url.ts';
import { builder } from '../builder.ts';
import { OWN_WRITES } from '../rules.ts';

const Input = builder.inputType('CreateUploadUrlInput', {
  description: 'The input of `createUploadUrl`.',
  fields: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The id of the signature request.' }),
    documentId: t.id({ required: true, description: 'The id of the document.' }),
  }),
});

const Payload = builder.objectRef<UploadUrl>('CreateUploadUrlPayload').implement({
  description: 'A pre-signed upload URL was created, with the method and the headers of the upload request.',
  fields: (t) => ({
    url: t.field({
      type: 'URL',
      description:
        'The pre-signed upload URL. It is a secret: it permits the upload without further credentials.',
      resolve: ({ url }) => url,
    }),
    method: t.exposeString('method', { description: 'The HTTP method of the upload request: `PUT`.' }),
    headers: t.field({
      type: [UploadHeader],
      description: 'The headers of the upload request, in addition to `Content-Length`.',
      resolve: ({ headers }) => [...headers],
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the URL expires: 15 minutes after its creation.',
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
      'Step 4, without the gateway: creates a pre-signed URL to which the caller uploads the PDF. The signature request must be in status `DRAFT`. Poll the signature request, or subscribe to it, for the outcome of the validation.',
    errors: {
      types: [NotFoundError, WrongStatusError],
      union: { description: 'The payload of `createUploadUrl`, or an error.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'The fields of the input.' }) },
    resolve: (_, { input }, context) => createUploadUrl(context, input),
  }),
);
