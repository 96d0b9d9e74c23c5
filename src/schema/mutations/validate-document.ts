import {
  AnchorNotFoundError,
  EmptyFileError,
  FileOrderError,
  FileTooLargeError,
  InvalidInputError,
  NotAPdfError,
  UnreadablePdfError,
  UploadInterruptedError,
} from '../../resolvers/errors/domain-errors.ts';
import { validateDocument } from '../../resolvers/mutations/validate-document.ts';
import { defineMutation } from '../builder.ts';
import { SignatureFieldInput } from '../document-input.ts';
import { STAFF_WRITES } from '../scopes.ts';

defineMutation({
  name: 'validateDocument',
  description: 'Validates a PDF like an upload, without storing it.',
  scopes: STAFF_WRITES,
  input: (t) => ({
    file: t.field({ type: 'Upload', required: true, description: 'The PDF to validate.' }),
    fields: t.field({
      type: [SignatureFieldInput],
      description:
        'The signature fields that the PDF must have or have room for, at most 100. If null, only the PDF is validated.',
    }),
  }),
  cost: 1,
  resolve: (context, input) => validateDocument(context, input),
  payload: {
    description: 'The service validated the PDF.',
    fields: (t) => ({
      isValid: t.exposeBoolean('isValid', { description: 'Whether the service would accept the PDF.' }),
      violations: t.stringList({
        description:
          'The reasons for which the service would reject the PDF, in its own words. Empty when `isValid` is true.',
        resolve: ({ violations }) => violations,
      }),
    }),
  },
  errors: [
    InvalidInputError,
    NotAPdfError,
    EmptyFileError,
    FileTooLargeError,
    FileOrderError,
    UploadInterruptedError,
    UnreadablePdfError,
    AnchorNotFoundError,
  ],
});
