import {
  IdempotencyConflictError,
  InvalidInputError,
  OutcomeUnknownError,
} from '../../resolvers/errors/domain-errors.ts';
import { RequestSignatureIncompleteError } from '../../resolvers/errors/request-signature-error.ts';
import { requestSignature } from '../../resolvers/mutations/request-signature.ts';
import type {
  RequestedSignature,
  RequestSignatureTarget,
} from '../../resolvers/mutations/request-signature.ts';
import type { UploadedFile } from '../../resolvers/mutations/upload-documents.ts';
import { builder } from '../builder.ts';
import { describedEnum } from '../described-enum.ts';
import { SignatureFieldInput } from '../document-input.ts';
import { OWN_WRITES } from '../rules.ts';
import { SignatureRequestType } from '../signature-request.ts';
import { idempotencyKey } from './idempotency-key.ts';

const NewDossierInput = builder.inputType('NewDossierInput', {
  description: 'A dossier to be made. Its documents are those of the request.',
  fields: (t) => ({
    title: t.string({ required: true, description: 'Shown to the citizen; not empty, not only blanks.' }),
    supportEmail: t.string({
      description: 'Where the citizen can ask for help. Default: the institution’s address.',
    }),
  }),
});

const DossierChoice = builder.inputType('RequestSignatureDossierInput', {
  isOneOf: true,
  description: 'The dossier: exactly one of the two.',
  fields: (t) => ({
    id: t.id({ description: 'One that exists. The documents of the request take the place of its own.' }),
    create: t.field({ type: NewDossierInput, description: 'A new one. Not for citizens.' }),
  }),
});

const SignerChoice = builder.inputType('RequestSignatureSignerInput', {
  isOneOf: true,
  description: 'The citizen: exactly one of the two.',
  fields: (t) => ({
    id: t.id({ description: 'As `findSigner` identifies them.' }),
    fiscalCode: t.field({ type: 'FiscalCode', description: 'In upper case. Only in a POST body.' }),
  }),
});

const DocumentWithFile = builder.inputType('RequestSignatureDocumentInput', {
  description: 'A document to be signed, with its file.',
  fields: (t) => ({
    title: t.string({
      required: true,
      description: 'Shown to the citizen; 3 to 60 characters, not only blanks.',
    }),
    fields: t.field({
      type: [SignatureFieldInput],
      description:
        'Its signature fields; at least one clause that is not OPTIONAL. None: one invisible signature on the whole document.',
    }),
    file: t.field({
      type: 'Upload',
      required: true,
      description: 'The PDF. Send files in the order of the documents.',
    }),
  }),
});

const Target = describedEnum<RequestSignatureTarget>(
  'RequestSignatureTarget',
  'How far `requestSignature` goes.',
  {
    DRAFT: 'Files are uploaded, and checked if the time suffices.',
    READY: 'The request is handed over.',
    WAIT_FOR_SIGNATURE: 'It has its QR code, and the citizen is notified if `notify` says so.',
  },
);

const Input = builder.inputType('RequestSignatureInput', {
  description: 'What `requestSignature` takes.',
  fields: (t) => ({
    dossier: t.field({ type: DossierChoice, required: true, description: 'What the request belongs to.' }),
    signer: t.field({ type: SignerChoice, required: true, description: 'Who is to sign.' }),
    documents: t.field({
      type: [DocumentWithFile],
      required: true,
      description: 'What is to be signed: 1 to 10 documents.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'Until when the citizen can sign; in the future. Default: 90 days, which is also when uploaded files vanish.',
    }),
    notify: t.boolean({
      required: true,
      defaultValue: true,
      description: 'Whether to send the message in the IO app. Only with `until: WAIT_FOR_SIGNATURE`.',
    }),
    until: t.field({
      type: Target,
      required: true,
      defaultValue: 'WAIT_FOR_SIGNATURE',
      description: 'How far to go.',
    }),
    waitSeconds: t.int({
      required: true,
      defaultValue: 45,
      description:
        'How long to wait for the service in all, 0 to 55 seconds; the time that files take to arrive counts too. When it is up before a step could be taken, that step is the one of a `RequestSignatureIncompleteError`.',
    }),
    idempotencyKey: t.string({
      description: `${idempotencyKey.description} A repeat goes on where the first call stopped: give the same files again; those that were stored are compared and not sent twice, one that the service refused may be another.`,
    }),
  }),
});

const UploadedFileType = builder.objectRef<UploadedFile>('UploadedFile').implement({
  description: 'What was stored for a document.',
  fields: (t) => ({
    documentId: t.exposeID('documentId', { description: 'The document.' }),
    sizeBytes: t.exposeInt('sizeBytes', { description: 'Size of what was stored, in bytes.' }),
    sha256: t.exposeString('sha256', { description: 'SHA-256 of what was stored, in lower-case hex.' }),
  }),
});

const Payload = builder.objectRef<RequestedSignature>('RequestSignaturePayload').implement({
  description: 'All steps were taken.',
  fields: (t) => ({
    signatureRequest: t.field({
      type: SignatureRequestType,
      description:
        'The request as it is; `qrCode` is null when the time was up before the service had made it, or when it was not asked for.',
      resolve: ({ signatureRequest }) => signatureRequest,
    }),
    files: t.field({
      type: [UploadedFileType],
      description: 'What was stored, in the order of the documents.',
      resolve: ({ files }) => [...files],
    }),
  }),
});

builder.mutationField('requestSignature', (t) =>
  t.field({
    type: Payload,
    nullable: true,
    authScopes: OWN_WRITES,
    description:
      'All steps at once: from PDFs to a QR code and a message to the citizen. Give an `idempotencyKey`: then a repeat after any failure, or after no answer at all, goes on where the first call stopped.',
    errors: {
      types: [
        InvalidInputError,
        IdempotencyConflictError,
        OutcomeUnknownError,
        RequestSignatureIncompleteError,
      ],
      union: { description: 'What `requestSignature` answers with.' },
    },
    args: { input: t.arg({ type: Input, required: true, description: 'What to do.' }) },
    resolve: (_, { input }, context) => requestSignature(context, input),
  }),
);
