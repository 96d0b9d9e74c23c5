import { InvalidInputError, SignerUnavailableError } from '../../resolvers/errors/domain-errors.ts';
import { findSigner } from '../../resolvers/mutations/find-signer.ts';
import type { Signer } from '../../upstream/decode.ts';
import { builder, defineMutation } from '../builder.ts';
import { OWN_WRITES } from '../scopes.ts';

const SignerType = builder.objectRef<Signer>('Signer').implement({
  description: 'A signer (_firmatario_): a citizen who can receive signature requests.',
  fields: (t) => ({
    id: t.exposeID('id', {
      description:
        'The id (a UUID) that the service assigned to the fiscal code. It never changes. Pass it to `createSignatureRequest`.',
    }),
  }),
});

defineMutation({
  name: 'findSigner',
  description:
    'Step 2: resolves a fiscal code to a signer. It changes nothing; it is a mutation to keep the fiscal code out of URLs.',
  scopes: OWN_WRITES,
  input: (t) => ({
    fiscalCode: t.field({
      type: 'FiscalCode',
      required: true,
      description: 'The fiscal code of the citizen. Pass it as a variable, never as a literal.',
    }),
  }),
  cost: 1,
  resolve: async (context, input) => ({ signer: await findSigner(context, input) }),
  payload: {
    description: 'The citizen can receive signature requests.',
    fields: (t) => ({
      signer: t.expose('signer', { type: SignerType, description: 'The signer.' }),
    }),
  },
  errors: [InvalidInputError, SignerUnavailableError],
});
