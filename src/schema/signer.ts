import type { Signer } from '../upstream/decode.ts';
import { builder } from './builder.ts';

export const SignerType = builder.objectRef<Signer>('Signer').implement({
  description: 'A signer (_firmatario_): a citizen who can receive signature requests.',
  fields: (t) => ({
    id: t.exposeID('id', {
      description:
        'The id (a UUID) that the service assigned to the fiscal code. It never changes. Pass it to `createSignatureRequest`.',
    }),
  }),
});
