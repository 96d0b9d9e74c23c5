import {
  AlreadyNotifiedError,
  AnchorNotFoundError,
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
import type {
  FieldError,
  MissingAnchor,
  Resource,
  SignerUnavailableReason,
  UnreadablePdfReason,
} from '../resolvers/errors/domain-errors.ts';
import { scrub } from '../observability/logging/scrubber.ts';
import { builder, describedEnum } from './builder.ts';
import { DocumentType } from './document.ts';
import { SignatureRequestStatus, requestStatusOf } from './scalars.ts';

const ErrorCodeEnum = describedEnum<ErrorCode>(
  'ErrorCode',
  'The code of an error in the result of a mutation. Handle errors by this code or by `__typename`.',
  {
    INVALID_INPUT: 'The input breaks rules of the service. See `fieldErrors`.',
    NOT_FOUND: 'No record that the caller may access has this id.',
    WRONG_STATUS: 'The status of the signature request does not allow the action.',
    DOCUMENTS_NOT_READY: 'Documents have not been uploaded, or the service is still validating them.',
    DOCUMENT_REJECTED: 'The service rejected the content of a document.',
    SIGNER_UNAVAILABLE: 'The citizen cannot be reached through the IO app.',
    ALREADY_NOTIFIED: 'The notification of this signature request was already sent.',
    FILE_TOO_LARGE: 'The file exceeds the size limit of the gateway.',
    NOT_A_PDF: 'The file does not start with `%PDF-`.',
    EMPTY_FILE: 'The file is empty.',
    UNREADABLE_PDF: 'The PDF cannot be opened, or the gateway could not inspect it. See `reason`.',
    ANCHOR_NOT_FOUND: 'The text of an anchor was not found in the PDF.',
    FILE_ORDER: 'The files did not arrive in the order of the fields that use them.',
    UPLOAD_INTERRUPTED: 'The file did not arrive completely.',
    IDEMPOTENCY_CONFLICT: 'The same `idempotencyKey` was used before with a different input.',
    OUTCOME_UNKNOWN: 'The outcome is unknown: the operation may or may not have been performed.',
    REQUEST_SIGNATURE_INCOMPLETE: 'A step of `requestSignature` failed. See `step` and `cause`.',
    SERVICE_FAULT:
      'A call to Firma con IO failed. See `fault`. Only the `cause` of another error has this code.',
  },
);

export const ErrorInterface = builder.interfaceRef<DomainError>('Error').implement({
  description:
    'The fields of every error in the result of a mutation. Select `... on Error { code message }` to handle errors that your client does not know.',
  resolveType: ({ name }) => name,
  fields: (t) => ({
    code: t.field({
      type: ErrorCodeEnum,
      description: 'The code of the error, for programs. Codes are stable.',
      resolve: ({ code }) => code,
    }),
    message: t.string({
      description: 'A message for people, in English: the problem and how to solve it. The text may change.',
      // It may contain the titles of documents, which are user input.
      resolve: ({ message }) => scrub(message),
    }),
  }),
});

const FieldErrorType = builder.objectRef<FieldError>('FieldError').implement({
  description: 'A problem with one value of the input.',
  fields: (t) => ({
    path: t.stringList({
      description:
        'The path from the `input` argument to the value, for example `["documents", "0", "title"]`. Empty when the service did not name the value.',
      resolve: ({ path }) => [...path],
    }),
    message: t.exposeString('message', {
      description: 'The rule that the value breaks. It never contains the value.',
    }),
  }),
});

builder.objectType(InvalidInputError, {
  name: 'InvalidInputError',
  description:
    'The input breaks rules of the service. The mutation had no effect. `message` lists every problem with its path, for example `documents[0].title: The title …`.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    fieldErrors: t.field({
      type: [FieldErrorType],
      description: 'All problems with the input, not only the first.',
      resolve: ({ fieldErrors }) => [...fieldErrors],
    }),
  }),
});

const ResourceEnum = describedEnum<Resource>('Resource', 'A type of record that has an id.', {
  DOSSIER: 'A dossier.',
  SIGNATURE_REQUEST: 'A signature request.',
  DOCUMENT: 'A document of the signature request.',
});

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description: 'No record that the caller may access has this id.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    resource: t.field({
      type: ResourceEnum,
      description: 'The type of the missing record.',
      resolve: ({ resource }) => resource,
    }),
  }),
});

builder.objectType(WrongStatusError, {
  name: 'WrongStatusError',
  description: 'The status of the signature request does not allow the action.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    status: t.field({
      type: SignatureRequestStatus,
      description: 'The current status of the signature request.',
      resolve: ({ status }) => requestStatusOf(status),
    }),
    allowed: t.field({
      type: [SignatureRequestStatus],
      description: 'The statuses that allow the action.',
      resolve: ({ allowed }) => allowed.map(requestStatusOf),
    }),
  }),
});

builder.objectType(DocumentsNotReadyError, {
  name: 'DocumentsNotReadyError',
  description:
    'Documents have not been uploaded, or the service was still validating them when the wait ended.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    documents: t.field({
      type: [DocumentType],
      description: 'The documents that are not `READY`.',
      resolve: ({ documents }) => documents,
    }),
  }),
});

builder.objectType(DocumentRejectedError, {
  name: 'DocumentRejectedError',
  description: 'The service rejected the content of documents. Upload a corrected PDF for each of them.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    documents: t.field({
      type: [DocumentType],
      description: 'The rejected documents.',
      resolve: ({ documents }) => documents,
    }),
    reasons: t.stringList({
      description: 'The reasons for all rejected documents, in the words of the service.',
      resolve: ({ reasons }) => [...reasons],
    }),
  }),
});

const SignerUnavailableReasonEnum = describedEnum<SignerUnavailableReason>(
  'SignerUnavailableReason',
  'The reason for which a citizen cannot be reached through the IO app.',
  {
    NO_IO_PROFILE: 'The citizen has never logged in to the IO app.',
    SERVICE_DISABLED: 'The citizen has disabled this service in the IO app.',
    NOT_A_TESTER:
      'The API key is a test key that does not list the citizen as a tester or does not allow the IP address of the gateway.',
    PROFILE_UNAVAILABLE: 'The service could not read the IO profile of the citizen. Retry later.',
  },
);

builder.objectType(SignerUnavailableError, {
  name: 'SignerUnavailableError',
  description: 'The citizen cannot be reached through the IO app.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    reason: t.field({
      type: SignerUnavailableReasonEnum,
      description: 'Why the citizen cannot be reached.',
      resolve: ({ reason }) => reason,
    }),
  }),
});

builder.objectType(AlreadyNotifiedError, {
  name: 'AlreadyNotifiedError',
  description: 'The citizen was already notified. The service sends one notification per signature request.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    ioMessageId: t.exposeID('ioMessageId', {
      description: 'The id of the message that was sent in the IO app.',
    }),
  }),
});

builder.objectType(FileTooLargeError, {
  name: 'FileTooLargeError',
  description: 'The file exceeds the size limit of the gateway. Nothing was stored.',
  interfaces: [ErrorInterface],
  fields: (t) => ({ limitBytes: t.exposeInt('limitBytes', { description: 'The size limit, in bytes.' }) }),
});

const UnreadablePdfReasonEnum = describedEnum<UnreadablePdfReason>(
  'UnreadablePdfReason',
  'The reason for which a PDF could not be read.',
  {
    NOT_OPENED: 'The PDF cannot be opened: it is damaged, encrypted or protected by a password.',
    TOO_COMPLEX:
      'The gateway could not inspect the PDF within its limits of time, memory, pages and objects. The service may accept it.',
  },
);

builder.objectType(UnreadablePdfError, {
  name: 'UnreadablePdfError',
  description: 'The PDF cannot be opened, or the gateway could not inspect it.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    reason: t.field({
      type: UnreadablePdfReasonEnum,
      description: 'Why the PDF could not be read.',
      resolve: ({ reason }) => reason,
    }),
  }),
});

const MissingAnchorType = builder.objectRef<MissingAnchor>('MissingAnchor').implement({
  description: 'An anchor whose text was not found, or not as often as its `occurrence`.',
  fields: (t) => ({
    path: t.stringList({
      description: 'The path from the `input` argument to the anchor.',
      resolve: ({ path }) => [...path],
    }),
    text: t.exposeString('text', { description: 'The text of the anchor.' }),
    matches: t.exposeInt('matches', {
      description: 'How often the text was found, on its `page` if the anchor has one.',
    }),
    nearest: t.string({
      nullable: true,
      description:
        'The most similar text of the PDF, such as one with another case. Null when the text was found at least once, and when no text is similar.',
      resolve: ({ nearest }) => nearest,
    }),
  }),
});

builder.objectType(AnchorNotFoundError, {
  name: 'AnchorNotFoundError',
  description:
    'The texts of anchors were not found in the PDF, or not as often as their `occurrence`. The mutation had no effect.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    anchors: t.field({
      type: [MissingAnchorType],
      description: 'All anchors that were not found, not only the first.',
      resolve: ({ anchors }) => anchors,
    }),
  }),
});

const plainErrors = [
  [NotAPdfError, 'NotAPdfError', 'The file does not start with `%PDF-`. Nothing was stored.'],
  [EmptyFileError, 'EmptyFileError', 'The file is empty. Nothing was stored.'],
  [
    FileOrderError,
    'FileOrderError',
    'The files did not arrive in the order of the fields that use them, and were too large to buffer. Send the files in that order.',
  ],
  [
    UploadInterruptedError,
    'UploadInterruptedError',
    'The file did not arrive completely. Nothing was stored. Send it again.',
  ],
  [
    IdempotencyConflictError,
    'IdempotencyConflictError',
    'The same `idempotencyKey` was used before with a different input. The mutation had no effect. Use a new key for a new operation.',
  ],
  [
    OutcomeUnknownError,
    'OutcomeUnknownError',
    'The outcome is unknown: the operation may or may not have been performed, because the service did not answer. Retry with the same `idempotencyKey`. Without a key, `message` says how to find out.',
  ],
] as const;

for (const [type, name, description] of plainErrors) {
  builder.objectType(type, { name, description, interfaces: [ErrorInterface] });
}
