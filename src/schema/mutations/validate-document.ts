import {
  EmptyFileError,
  FileOrderError,
  FileTooLargeError,
  InvalidInputError,
  NotAPdfError,
  UnreadablePdfError,
  UploadInterruptedError,
} from '../../resolvers/errors/domain-errors.ts';
import type { DocumentValidation } from '../../upstream/decode.ts';
import { SignatureFieldInput } from '../document-input.ts';
import { validateDocument } from '../../resolvers/mutations/validate-document.ts';
import { builder } from '../builder.ts';
import { STAFF_WRITES } from '../rules.ts';

const Input = builder.inputType('ValidateDocumentInput', {
  description: 'What `validateDocument` takes.',
  fields: (t) => ({
    file: t.field({ type: 'Upload', required: true, description: 'The PDF.' }),
    fields: t.field({ type: [SignatureFieldInput], description: 'Signature fields that must fit into it.' }),
  }),
});

const Payload = builder.objectRef<DocumentValidation>('ValidateDocumentPayload').implement({
  description: 'The PDF could be read.',
  fields: (t) => ({
    isValid: t.exposeBoolean('isValid', { description: 'Whether it would be accepted.' }),
    violations: t.stringList({
      description: 'Why not, in the service’s words. Empty when valid.',
      resolve: ({ violations }) => violations,
    }),
  }),
});

builder.mutationField('validateDocument', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: STAFF_WRITES,
    description: 'Checks a PDF as an upload would be checked, without keeping it.',
    errors: {
      types: [
        InvalidInputError,
        NotAPdfError,
        EmptyFileError,
        FileTooLargeError,
        FileOrderError,
        UploadInterruptedError,
        UnreadablePdfError,
      ],
      union: { description: 'What `validateDocument` answers with.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'What to do.' }) },
    resolve: (_, { input }, context) => validateDocument(context, input),
  }),
);
