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
  description: 'What `uploadDocument` takes.',
  fields: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The signature request.' }),
    documentId: t.id({ required: true, description: 'The document the file is for.' }),
    file: t.field({ type: 'Upload', required: true, description: 'The PDF.' }),
    waitSeconds: t.int(waitSeconds),
  }),
});

const Payload = builder.objectRef<UploadedDocument>('UploadDocumentPayload').implement({
  description: 'The file was stored whole.',
  fields: (t) => ({
    document: t.field({
      type: DocumentType,
      description: 'The document as it is; `READY` once the service has accepted the file.',
      resolve: ({ document }) => document,
    }),
    signatureRequest: t.field({
      type: SignatureRequestType,
      description: 'The request of the document.',
      resolve: ({ signatureRequest }) => signatureRequest,
    }),
    sizeBytes: t.exposeInt('sizeBytes', { description: 'Size of what was stored, in bytes.' }),
    sha256: t.exposeString('sha256', { description: 'SHA-256 of what was stored, in lower-case hex.' }),
  }),
});

builder.mutationField('uploadDocument', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: OWN_WRITES,
    description:
      'Step 4, through the gateway: streams a PDF into the storage and waits for the service to check it. May be repeated while the request is DRAFT.',
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
      union: { description: 'What `uploadDocument` answers with.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'What to do.' }) },
    resolve: (_, { input }, context) => uploadDocument(context, input),
  }),
);
