import {
  AlreadyNotifiedError,
  DocumentRejectedError,
  DocumentsNotReadyError,
  DomainError,
  EmptyFileError,
  FileOrderError,
  FileTooLargeError,
  IdempotencyConflictError,
  InvalidInputError,
  NotAPdfError,
  NotFoundError,
  OutcomeUnknownError,
  SignerUnavailableError,
  UnreadablePdfError,
  UploadInterruptedError,
  WrongStatusError,
} from '../resolvers/errors/domain-errors.ts';
import type { ErrorCode } from '../resolvers/errors/codes.ts';
import type { FieldError, Resource, SignerUnavailableReason } from '../resolvers/errors/domain-errors.ts';
import { scrub } from '../observability/logging/scrub.ts';
import { requestStatusOf } from '../resolvers/status.ts';
import { builder } from './builder.ts';
import { describedEnum } from './described-enum.ts';
import { DocumentType } from './document.ts';
import { SignatureRequestStatus } from './status.ts';

const ErrorCodeEnum = describedEnum<ErrorCode>(
  'ErrorCode',
  'What kind of error a mutation answered with. Branch on this or on `__typename`.',
  {
    INVALID_INPUT: 'The input breaks rules of the service; see `fieldErrors`.',
    NOT_FOUND: 'Nothing that you may see has this id.',
    WRONG_STATUS: 'The signature request is in a status that does not allow the action.',
    DOCUMENTS_NOT_READY: 'Documents are missing or still being checked.',
    DOCUMENT_REJECTED: 'The service refused the content of a document.',
    SIGNER_UNAVAILABLE: 'The citizen cannot be reached through IO.',
    ALREADY_NOTIFIED: 'The one notification of this request has been sent before.',
    FILE_TOO_LARGE: 'The file is over the limit of this gateway.',
    NOT_A_PDF: 'The file does not begin as a PDF does.',
    EMPTY_FILE: 'The file has no bytes.',
    UNREADABLE_PDF: 'The service could not open the PDF.',
    FILE_ORDER: 'Files came in another order than the fields that use them.',
    UPLOAD_INTERRUPTED: 'The file did not arrive whole.',
    IDEMPOTENCY_CONFLICT: 'The same `idempotencyKey` was given before with another input.',
    OUTCOME_UNKNOWN: 'What was asked may have happened, and nobody knows.',
    REQUEST_SIGNATURE_INCOMPLETE: 'A step of `requestSignature` failed; see `step` and `cause`.',
    SERVICE_FAULT: 'Firma con IO failed; see `fault`. Only as the `cause` of another error.',
  },
);

export const ErrorInterface = builder.interfaceRef<DomainError>('Error').implement({
  description:
    'What every error of a mutation has. Select `... on Error { code message }` to catch those you do not know yet.',
  resolveType: ({ name }) => name,
  fields: (t) => ({
    code: t.field({
      type: ErrorCodeEnum,
      description: 'Stable; made for programs.',
      resolve: ({ code }) => code,
    }),
    message: t.string({
      description: 'What happened and what to do, in English; made for people and may change.',
      // It names documents by their titles, which somebody typed in.
      resolve: ({ message }) => scrub(message),
    }),
  }),
});

const FieldErrorType = builder.objectRef<FieldError>('FieldError').implement({
  description: 'One thing that is wrong with the input.',
  fields: (t) => ({
    path: t.stringList({
      description:
        'From the mutation’s `input` to the value: `["documents", "0", "title"]`. Empty when the service did not say which value.',
      resolve: ({ path }) => [...path],
    }),
    message: t.exposeString('message', {
      description: 'The rule and how it was broken. Never repeats the value.',
    }),
  }),
});

builder.objectType(InvalidInputError, {
  name: 'InvalidInputError',
  description:
    'The input breaks rules of the service. Nothing was sent to it. The `message` has every problem with its place: `documents[0].title: The title …`.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    fieldErrors: t.field({
      type: [FieldErrorType],
      description: 'Every problem that was found, not only the first.',
      resolve: ({ fieldErrors }) => [...fieldErrors],
    }),
  }),
});

const ResourceEnum = describedEnum<Resource>('Resource', 'A kind of thing that has an id.', {
  DOSSIER: 'A dossier.',
  SIGNATURE_REQUEST: 'A signature request.',
  DOCUMENT: 'A document of the given signature request.',
});

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description: 'Nothing that you may see has a given id.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    resource: t.field({
      type: ResourceEnum,
      description: 'What was looked for.',
      resolve: ({ resource }) => resource,
    }),
  }),
});

builder.objectType(WrongStatusError, {
  name: 'WrongStatusError',
  description: 'The signature request is in a status in which the service does not allow the action.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    status: t.field({
      type: SignatureRequestStatus,
      description: 'The status it is in.',
      resolve: ({ status }) => requestStatusOf(status),
    }),
    allowed: t.field({
      type: [SignatureRequestStatus],
      description: 'The statuses in which the action works.',
      resolve: ({ allowed }) => allowed.map(requestStatusOf),
    }),
  }),
});

builder.objectType(DocumentsNotReadyError, {
  name: 'DocumentsNotReadyError',
  description:
    'Documents have not been uploaded, or the service had not finished checking them when the wait ended.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    documents: t.field({
      type: [DocumentType],
      description: 'Those that are not ready.',
      resolve: ({ documents }) => documents,
    }),
  }),
});

builder.objectType(DocumentRejectedError, {
  name: 'DocumentRejectedError',
  description: 'The service refused the content of documents. Upload a corrected PDF for each.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    documents: t.field({
      type: [DocumentType],
      description: 'The rejected documents.',
      resolve: ({ documents }) => documents,
    }),
    reasons: t.stringList({
      description: 'The service’s reasons, word for word, of all rejected documents.',
      resolve: ({ reasons }) => [...reasons],
    }),
  }),
});

const SignerUnavailableReasonEnum = describedEnum<SignerUnavailableReason>(
  'SignerUnavailableReason',
  'Why a citizen cannot be reached through IO.',
  {
    NO_IO_PROFILE: 'They have never logged in to the IO app.',
    SERVICE_DISABLED: 'They have switched this service off in the IO app.',
    NOT_A_TESTER:
      'The key is a test key that does not list them, or the gateway’s address is not on the key’s list.',
    PROFILE_UNAVAILABLE: 'The service could not read their IO profile; it may work later.',
  },
);

builder.objectType(SignerUnavailableError, {
  name: 'SignerUnavailableError',
  description: 'The citizen cannot be reached through IO.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    reason: t.field({
      type: SignerUnavailableReasonEnum,
      description: 'Why.',
      resolve: ({ reason }) => reason,
    }),
  }),
});

builder.objectType(AlreadyNotifiedError, {
  name: 'AlreadyNotifiedError',
  description: 'The citizen has been notified before: the service sends one message per request.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    ioMessageId: t.exposeID('ioMessageId', { description: 'The message that was sent.' }),
  }),
});

builder.objectType(FileTooLargeError, {
  name: 'FileTooLargeError',
  description: 'The file is over the limit of this gateway. Nothing was stored.',
  interfaces: [ErrorInterface],
  fields: (t) => ({ limitBytes: t.exposeInt('limitBytes', { description: 'The limit in bytes.' }) }),
});

const plainErrors = [
  [NotAPdfError, 'NotAPdfError', 'The file does not begin with `%PDF-`. Nothing was stored.'],
  [EmptyFileError, 'EmptyFileError', 'The file has no bytes. Nothing was stored.'],
  [
    UnreadablePdfError,
    'UnreadablePdfError',
    'The service could not open the PDF: damaged, encrypted or protected by a password.',
  ],
  [
    FileOrderError,
    'FileOrderError',
    'Files came in another order than the fields that use them, and were too large to be kept meanwhile.',
  ],
  [UploadInterruptedError, 'UploadInterruptedError', 'The file did not arrive whole. Nothing was stored.'],
  [
    IdempotencyConflictError,
    'IdempotencyConflictError',
    'The same `idempotencyKey` was given before with another input. Nothing was sent.',
  ],
  [
    OutcomeUnknownError,
    'OutcomeUnknownError',
    'The service did not answer, so what was asked may have happened. With an `idempotencyKey`, repeat with the same one; else the message says how to go on.',
  ],
] as const;

for (const [type, name, description] of plainErrors) {
  builder.objectType(type, { name, description, interfaces: [ErrorInterface] });
}
