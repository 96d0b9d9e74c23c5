import { MAX_WAIT_SECONDS } from '../../resolvers/shared/input-rules.ts';
import {
  AnchorNotFoundError,
  IdempotencyConflictError,
  InvalidInputError,
  OutcomeUnknownError,
} from '../../resolvers/errors/domain-errors.ts';
import { RequestSignatureIncompleteError } from '../../resolvers/errors/request-signature-error.ts';
import { requestSignature } from '../../resolvers/mutations/request-signature.ts';
import type { RequestSignatureTarget } from '../../resolvers/mutations/request-signature.ts';
import type { UploadedFile } from '../../resolvers/mutations/upload-documents.ts';
import { builder, describedEnum } from '../builder.ts';
import { defineMutation } from '../define-mutation.ts';
import { SignatureFieldInput } from '../document-input.ts';
import { OWN_WRITES } from '../scopes.ts';
import { SignatureRequestType } from '../signature-request.ts';
import { costOfWait, idempotencyKey } from '../input-fields.ts';

const NewDossierInput = builder.inputType('NewDossierInput', {
  description: 'A dossier to create. Its documents are those of the signature request.',
  fields: (t) => ({
    title: t.string({
      required: true,
      description: 'The title shown to the citizen; at least one visible character.',
    }),
    supportEmail: t.string({
      description:
        'The e-mail address to which the citizen can write for help. If null, the address of the institution.',
    }),
  }),
});

const DossierChoice = builder.inputType('RequestSignatureDossierInput', {
  isOneOf: true,
  description: 'The dossier of the signature request. Set exactly one of the two fields.',
  fields: (t) => ({
    id: t.id({
      description:
        'The id of an existing dossier. The documents of the signature request replace those of the dossier.',
    }),
    create: t.field({
      type: NewDossierInput,
      description: 'A dossier to create. Not available to callers with the role citizen.',
    }),
  }),
});

const SignerChoice = builder.inputType('RequestSignatureSignerInput', {
  isOneOf: true,
  description: 'The signer of the signature request. Set exactly one of the two fields.',
  fields: (t) => ({
    id: t.id({ description: 'The id of the signer, as returned by `findSigner`.' }),
    fiscalCode: t.field({
      type: 'FiscalCode',
      description: 'The fiscal code of the citizen, in upper case. Pass it as a variable of a POST request.',
    }),
  }),
});

const DocumentWithFile = builder.inputType('RequestSignatureDocumentInput', {
  description: 'A document to sign, with its file.',
  fields: (t) => ({
    title: t.string({
      required: true,
      description:
        'The title shown to the citizen: 3 to 60 UTF-16 code units, at least one of them a visible character.',
    }),
    fields: t.field({
      type: [SignatureFieldInput],
      description:
        'The signature fields, at most 100. At least one clause must not be `OPTIONAL`. If null or empty, one invisible signature covers the whole document.',
    }),
    file: t.field({
      type: 'Upload',
      required: true,
      description: 'The PDF. Send the files in the order of the documents.',
    }),
  }),
});

const Target = describedEnum<RequestSignatureTarget>(
  'RequestSignatureTarget',
  'The last step of `requestSignature`.',
  {
    DRAFT: 'Upload the files, and wait for their validation while time remains.',
    READY: 'Mark the signature request as ready.',
    WAIT_FOR_SIGNATURE: 'Wait for the QR code, and send the notification if `notify` is true.',
  },
);

const UploadedFileType = builder.objectRef<UploadedFile>('UploadedFile').implement({
  description: 'The file that was stored for a document.',
  fields: (t) => ({
    documentId: t.exposeID('documentId', { description: 'The id of the document.' }),
    sizeBytes: t.exposeInt('sizeBytes', { description: 'The size of the stored file, in bytes.' }),
    sha256: t.exposeString('sha256', {
      description: 'The SHA-256 digest of the stored file, in lower-case hexadecimal.',
    }),
  }),
});

defineMutation({
  name: 'requestSignature',
  description:
    'Performs all steps of a signature request: from the PDFs to the QR code and the notification. Set an `idempotencyKey`: a retry after a failure or a lost response then continues from the step at which the first call stopped.',
  scopes: OWN_WRITES,
  input: (t) => ({
    dossier: t.field({
      type: DossierChoice,
      required: true,
      description: 'The dossier of the signature request.',
    }),
    signer: t.field({ type: SignerChoice, required: true, description: 'The citizen who signs.' }),
    documents: t.field({
      type: [DocumentWithFile],
      required: true,
      description: 'The documents to sign, from 1 to 10.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'When the signature request expires; in the future. If null, in 90 days, which is also when the service deletes uploaded files.',
    }),
    notify: t.boolean({
      required: true,
      defaultValue: true,
      description:
        'Whether to send the notification in the IO app. It has an effect only with `until: WAIT_FOR_SIGNATURE`.',
    }),
    until: t.field({
      type: Target,
      required: true,
      defaultValue: 'WAIT_FOR_SIGNATURE',
      description: 'The last step to perform.',
    }),
    waitSeconds: t.int({
      required: true,
      defaultValue: 45,
      description: `The maximum time to wait for the service in total, from 0 to ${MAX_WAIT_SECONDS} seconds, including the time in which the files arrive. If it ends before a step, the mutation returns a \`RequestSignatureIncompleteError\` with that step.`,
    }),
    idempotencyKey: t.string({
      description: `${idempotencyKey.description} A retry continues from the step at which the first call stopped. Send the same files again: the gateway compares stored files instead of storing them twice. A file that the service rejected may be replaced.`,
    }),
  }),
  cost: ({ documents, waitSeconds }) => 10 + 3 * documents.length + costOfWait(waitSeconds),
  resolve: (context, input) => requestSignature(context, input),
  payload: {
    description: 'All steps were performed.',
    fields: (t) => ({
      signatureRequest: t.expose('signatureRequest', {
        type: SignatureRequestType,
        description:
          'The current signature request. `qrCode` is null when the wait ended before the service created it, and when `until` does not require it.',
      }),
      files: t.field({
        type: [UploadedFileType],
        description: 'The stored files, in the order of the documents.',
        resolve: ({ files }) => [...files],
      }),
    }),
  },
  errors: [
    InvalidInputError,
    AnchorNotFoundError,
    IdempotencyConflictError,
    OutcomeUnknownError,
    RequestSignatureIncompleteError,
  ],
});
