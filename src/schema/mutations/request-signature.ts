import type { FaultCode } from '../../resolvers/errors/codes.ts';
import {
  AnchorNotFoundError,
  IdempotencyConflictError,
  InvalidInputError,
  OutcomeUnknownError,
} from '../../resolvers/errors/domain-errors.ts';
import { ServiceFaultError } from '../../resolvers/errors/faults.ts';
import { RequestSignatureIncompleteError } from '../../resolvers/mutations/request-signature-steps.ts';
import type {
  RequestSignatureProgress,
  RequestSignatureStep,
} from '../../resolvers/mutations/request-signature-steps.ts';
import { requestSignature } from '../../resolvers/mutations/request-signature.ts';
import type { RequestSignatureTarget } from '../../resolvers/mutations/request-signature.ts';
import type { UploadedFile } from '../../resolvers/mutations/upload-documents.ts';
import { MAX_WAIT_SECONDS } from '../../resolvers/shared/input-rules.ts';
import { builder, describedEnum, defineMutation, costOfWait, idempotencyKey } from '../builder.ts';
import { SignatureFieldInput } from '../document-input.ts';
import { ErrorInterface } from '../error-types.ts';
import { OWN_WRITES } from '../scopes.ts';
import { SignatureRequestType } from '../signature-request.ts';

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

const ServiceFaultEnum = describedEnum<FaultCode>(
  'ServiceFault',
  'The way in which a call to the service failed. Outside `requestSignature`, the same code is in `extensions.code` of a top-level error.',
  {
    UPSTREAM_TIMEOUT: 'The service did not answer in time. The operation may have been performed.',
    UPSTREAM_UNAVAILABLE: 'The service is unreachable or failed. Retry later.',
    UPSTREAM_REFUSED:
      'The service refused the API key or the IP address of the gateway. It also answers so during some outages.',
    UPSTREAM_CONTRACT: 'The response of the service breaks its contract.',
    RATE_LIMITED: 'The rate limit of the service is exhausted. Retry after `retryAfterSeconds`.',
    CALLER_UNAVAILABLE: 'The service could not resolve the calling citizen to a signer.',
    IDEMPOTENCY_UNAVAILABLE: 'The gateway cannot store idempotency keys now. Retry later with the same key.',
  },
);

builder.objectType(ServiceFaultError, {
  name: 'ServiceFaultError',
  description: 'A call to Firma con IO failed. No change of the input prevents this.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    fault: t.field({
      type: ServiceFaultEnum,
      description: 'The way in which the call failed.',
      resolve: ({ fault }) => fault,
    }),
    retryAfterSeconds: t.int({
      nullable: true,
      description: 'The number of seconds after which to retry. Null when it is unknown.',
      resolve: ({ retryAfterSeconds }) => retryAfterSeconds,
    }),
  }),
});

const RequestSignatureStepEnum = describedEnum<RequestSignatureStep>(
  'RequestSignatureStep',
  'A step of `requestSignature`, named after the mutation that performs it alone.',
  {
    RESOLVE_ANCHORS: 'Read the files whose fields have anchors. Nothing has been created.',
    FIND_SIGNER: 'Resolve the fiscal code to a signer. Nothing has been created.',
    CREATE_DOSSIER: 'Create the dossier, unless the input has the id of one.',
    CREATE_SIGNATURE_REQUEST: 'Create the signature request, in status `DRAFT`.',
    UPLOAD_DOCUMENTS: 'Store the files and wait until the service has validated them.',
    MARK_READY: 'Mark the signature request as ready and wait for its QR code.',
    NOTIFY_SIGNER: 'Send the notification to the citizen.',
  },
);

const ProgressType = builder.objectRef<RequestSignatureProgress>('RequestSignatureProgress').implement({
  description: 'The records that an incomplete `requestSignature` has found or created.',
  fields: (t) => ({
    signerId: t.id({
      nullable: true,
      description: 'The id of the signer. Null before the signer was found.',
      resolve: ({ signerId }) => signerId,
    }),
    dossierId: t.id({
      nullable: true,
      description:
        'The id of the dossier, from the input or newly created. Null before the dossier was created.',
      resolve: ({ dossierId }) => dossierId,
    }),
    signatureRequestId: t.id({
      nullable: true,
      description: 'The id of the signature request. Null before it was created.',
      resolve: ({ signatureRequestId }) => signatureRequestId,
    }),
    signatureRequest: t.field({
      type: SignatureRequestType,
      nullable: true,
      description:
        'The signature request in its current state. Null before it was created, and when it could not be read.',
      resolve: ({ signatureRequest }) => signatureRequest,
    }),
  }),
});

builder.objectType(RequestSignatureIncompleteError, {
  name: 'RequestSignatureIncompleteError',
  description:
    'A step failed. The effects of the earlier steps remain. If the `cause` can be fixed, fix it. Then retry with the same `idempotencyKey` to continue from this step, or continue with the single mutations.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    step: t.field({
      type: RequestSignatureStepEnum,
      description: 'The step that failed.',
      resolve: ({ step }) => step,
    }),
    cause: t.field({
      type: ErrorInterface,
      description: 'Why the step failed: an error of the single mutation, or a `ServiceFaultError`.',
      // A plain object: graphql-js treats a returned Error as thrown.
      resolve: ({ cause }) => ({ ...cause, message: cause.message }),
    }),
    progress: t.field({
      type: ProgressType,
      description: 'The records that earlier steps have found or created.',
      resolve: ({ progress }) => progress,
    }),
  }),
});
