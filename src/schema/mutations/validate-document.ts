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
  description: 'The input of `validateDocument`.',
  fields: (t) => ({
    file: t.field({ type: 'Upload', required: true, description: 'The PDF to validate.' }),
    fields: t.field({
      type: [SignatureFieldInput],
      description:
        'The signature fields that the PDF must have or have room for, at most 100. If null, the PDF is validated alone.',
    }),
  }),
});

const Payload = builder.objectRef<DocumentValidation>('ValidateDocumentPayload').implement({
  description: 'The service validated the PDF.',
  fields: (t) => ({
    isValid: t.exposeBoolean('isValid', { description: 'Whether the service would accept the PDF.' }),
    violations: t.stringList({
      description:
        'The reasons for which the service would reject the PDF, in its own words. Empty when `isValid` is true.',
      resolve: ({ violations }) => violations,
    }),
  }),
});

builder.mutationField('validateDocument', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: STAFF_WRITES,
    description: 'Validates a PDF like an upload, without storing it.',
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
      union: { description: 'The payload of `validateDocument`, or an error.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'The fields of the input.' }) },
    resolve: (_, { input }, context) => validateDocument(context, input),
  }),
);
