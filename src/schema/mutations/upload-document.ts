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
import { uploadDocument } from '../../resolvers/mutations/upload-document.ts';
import { defineMutation, costOfWait, waitSeconds } from '../builder.ts';
import { DocumentType } from '../document.ts';
import { OWN_WRITES } from '../scopes.ts';
import { SignatureRequestType } from '../signature-request.ts';

defineMutation({
  name: 'uploadDocument',
  description:
    'Step 4, through the gateway: streams a PDF to the storage and waits until the service has validated it. It can be called again while the signature request is in status `DRAFT`.',
  scopes: OWN_WRITES,
  input: (t) => ({
    signatureRequestId: t.id({ required: true, description: 'The id of the signature request.' }),
    documentId: t.id({ required: true, description: 'The id of the document.' }),
    file: t.field({ type: 'Upload', required: true, description: 'The PDF to upload.' }),
    waitSeconds: t.int(waitSeconds),
  }),
  cost: ({ waitSeconds }) => 2 + costOfWait(waitSeconds),
  resolve: (context, input) => uploadDocument(context, input),
  payload: {
    description: 'The file was stored.',
    fields: (t) => ({
      document: t.expose('document', {
        type: DocumentType,
        description: 'The current document. Its status is `READY` once the service has accepted the file.',
      }),
      signatureRequest: t.expose('signatureRequest', {
        type: SignatureRequestType,
        description: 'The signature request of the document.',
      }),
      sizeBytes: t.exposeInt('sizeBytes', { description: 'The size of the stored file, in bytes.' }),
      sha256: t.exposeString('sha256', {
        description: 'The SHA-256 digest of the stored file, in lower-case hexadecimal.',
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
    NotFoundError,
    WrongStatusError,
    DocumentRejectedError,
  ],
});
