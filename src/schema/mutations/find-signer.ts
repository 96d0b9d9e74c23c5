import { InvalidInputError, SignerUnavailableError } from '../../resolvers/errors/domain-errors.ts';
import type { Signer } from '../../upstream/decode.ts';
import { SignerType } from '../signer.ts';
import { findSigner } from '../../resolvers/mutations/find-signer.ts';
import { builder } from '../builder.ts';
import { OWN_WRITES } from '../rules.ts';

const Input = builder.inputType('FindSignerInput', {
  description: 'What `findSigner` takes.',
  fields: (t) => ({
    fiscalCode: t.field({
      type: 'FiscalCode',
      required: true,
      description: 'The citizen. Pass it as a variable, never inside the document.',
    }),
  }),
});

const Payload = builder.objectRef<{ signer: Signer }>('FindSignerPayload').implement({
  description: 'The citizen can be asked to sign.',
  fields: (t) => ({
    signer: t.field({ type: SignerType, description: 'The citizen.', resolve: ({ signer }) => signer }),
  }),
});

builder.mutationField('findSigner', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: OWN_WRITES,
    description:
      'Step 2: finds the citizen who signs. A mutation only to keep the fiscal code out of URLs; it changes nothing.',
    errors: {
      types: [InvalidInputError, SignerUnavailableError],
      union: { description: 'What `findSigner` answers with.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'What to do.' }) },
    resolve: async (_, { input }, context) => ({ signer: await findSigner(context, input) }),
  }),
);
