import { InvalidInputError, SignerUnavailableError } from '../../resolvers/errors/domain-errors.ts';
import type { Signer } from '../../upstream/decode.ts';
import { SignerType } from '../signer.ts';
import { findSigner } from '../../resolvers/mutations/find-signer.ts';
import { builder } from '../builder.ts';
import { OWN_WRITES } from '../rules.ts';

const Input = builder.inputType('FindSignerInput', {
  description: 'The input of `findSigner`.',
  fields: (t) => ({
    fiscalCode: t.field({
      type: 'FiscalCode',
      required: true,
      description: 'The fiscal code of the citizen. Pass it as a variable, never as a literal.',
    }),
  }),
});

const Payload = builder.objectRef<{ signer: Signer }>('FindSignerPayload').implement({
  description: 'The citizen can receive signature requests.',
  fields: (t) => ({
    signer: t.field({ type: SignerType, description: 'The signer.', resolve: ({ signer }) => signer }),
  }),
});

builder.mutationField('findSigner', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: OWN_WRITES,
    description:
      'Step 2: resolves a fiscal code to a signer. It changes nothing; it is a mutation to keep the fiscal code out of URLs.',
    errors: {
      types: [InvalidInputError, SignerUnavailableError],
      union: { description: 'The payload of `findSigner`, or an error.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'The fields of the input.' }) },
    resolve: async (_, { input }, context) => ({ signer: await findSigner(context, input) }),
  }),
);
