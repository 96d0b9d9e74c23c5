import { builder } from './builder.ts';

export const UploadHeader = builder.objectRef<{ name: string; value: string }>('UploadHeader').implement({
  description: 'An HTTP header.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    value: t.exposeString('value', { description: 'Its value.' }),
  }),
});
