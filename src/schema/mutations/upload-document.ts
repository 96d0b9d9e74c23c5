import {
  DocumentRejectedError,
  EmptyFileError,
  FileOrderError,
  FileTooLargeError,
  InvalidInputError,
  NotAPdfError,
  NotFoundError,
  UploadInterruptedError,
  WrongStatusError,
} from '../../resolvers/errors/domain-errors.ts';
import type { UploadedDocument } from '../../resolvers/mutations/upload-document.ts';
import { DocumentType } from '../document.ts';
import { SignatureRequestType } from '../signature-request.ts';
import { waitSeconds } from './wait-seconds.ts';
import { uploadDocument } from '../../resolvers/mutations/upload-document.ts';
import { builder } from '../builder.ts';
import { OWN_WRITES } from '../rules.ts';

const Input = builder.inputType('UploadDocumentInput', {
  description: 'The input of `uploadDocument`.',
  fields: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The id of the signature request.' }),
    documentId: t.id({ required: true, description: 'The id of the document.' }),
    file: t.field({ type: 'Upload', required: true, description: 'The PDF to upload.' }),
    waitSeconds: t.int(waitSeconds),
  }),
});

const Payload = builder.objectRef<UploadedDocument>('UploadDocumentPayload').implement({
  description: 'The file was stored.',
  fields: (t) => ({
    document: t.field({
      type: DocumentType,
      description: 'The current document. Its status is `READY` once the service has accepted the file.',
      resolve: ({ document }) => document,
    }),
    signatureRequest: t.field({
      type: SignatureRequestType,
      description: 'The signature request of the document.',
      resolve: ({ signatureRequest }) => signatureRequest,
    }),
    sizeBytes: t.exposeInt('sizeBytes', { description: 'The size of the stored file, in bytes.' }),
    sha256: t.exposeString('sha256', {
      description: 'The SHA-256 digest of the stored file, in lower-case hexadecimal.',
    }),
  }),
});

builder.mutationField('uploadDocument', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: OWN_WRITES,
    description:
      'Step 4, through the gateway: streams a PDF to the storage and waits until the service has validated it. It can be called again while the signature request is in status `DRAFT`.',
    errors: {
      types: [
        InvalidInputError,
        NotAPdfError,
        EmptyFileError,
        FileTooLargeError,
        FileOrderError,
        UploadInterruptedError,
        NotFoundError,
        WrongStatusError,
        DocumentRejectedError,
      ],
      union: { description: 'The payload of `uploadDocument`, or an error.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'The fields of the input.' }) },
    resolve: (_, { input }, context) => uploadDocument(context, input),
  }),
);
