import { NotFoundError, WrongStatusError } from '../../resolvers/errors/domain-errors.ts';
import { createUploadUrl } from '../../resolvers/mutations/create-upload-url.ts';
import { builder, defineMutation } from '../builder.ts';
import { OWN_WRITES } from '../scopes.ts';

const UploadHeader = builder.objectRef<{ name: string; value: string }>('UploadHeader').implement({
  description: 'An HTTP header of an upload request.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the header.' }),
    value: t.exposeString('value', { description: 'The value of the header.' }),
  }),
});

defineMutation({
  name: 'createUploadUrl',
  description:
    'Step 4, without the gateway: creates a pre-signed URL to which the caller uploads the PDF. The signature request must be in status `DRAFT`. Poll the signature request, or subscribe to it, for the outcome of the validation.',
  scopes: OWN_WRITES,
  input: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The id of the signature request.' }),
    documentId: t.id({ required: true, description: 'The id of the document.' }),
  }),
  cost: 2,
  resolve: (context, input) => createUploadUrl(context, input),
  payload: {
    description:
      'A pre-signed upload URL was created, with the method and the headers of the upload request.',
    fields: (t) => ({
      url: t.expose('url', {
        type: 'URL',
        description:
          'The pre-signed upload URL. It is a secret: it permits the upload without further credentials.',
      }),
      method: t.exposeString('method', { description: 'The HTTP method of the upload request: `PUT`.' }),
      headers: t.field({
        type: [UploadHeader],
        description: 'The headers of the upload request, in addition to `Content-Length`.',
        resolve: ({ headers }) => [...headers],
      }),
      expiresAt: t.expose('expiresAt', {
        type: 'DateTime',
        description: 'When the URL expires: 15 minutes after its creation.',
      }),
    }),
  },
  errors: [NotFoundError, WrongStatusError],
});
