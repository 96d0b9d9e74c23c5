import { builder } from './builder.ts';

export const UploadHeader = builder.objectRef<{ name: string; value: string }>('UploadHeader').implement({
  description: 'An HTTP header of an upload request.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the header.' }),
    value: t.exposeString('value', { description: 'The value of the header.' }),
  }),
});
