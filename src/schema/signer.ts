import type { Signer } from '../upstream/decode.ts';
import { builder } from './builder.ts';

export const SignerType = builder.objectRef<Signer>('Signer').implement({
  description: 'A citizen who can be asked to sign.',
  fields: (t) => ({
    id: t.exposeID('id', {
      description: 'The same for the same fiscal code; pass it to `createSignatureRequest`.',
    }),
  }),
});
