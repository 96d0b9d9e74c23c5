import type { Document } from '../../upstream/decode.ts';
import type { ErrorCode } from './codes.ts';

/**
 * An error that the caller can handle. Each mutation lists the subclasses that its result may contain. The message contains
 * no input value, no URL and no text of the service.
 */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
}

/** A problem with one value. `path` leads from the `input` argument to the value: `['documents', '0', 'title']`. */
export interface FieldError {
  readonly path: readonly string[];
  readonly message: string;
}

/** The input breaks rules of the service. It has all problems, not only the first. The mutation had no effect. */
export class InvalidInputError extends DomainError {
  override readonly name = 'InvalidInputError';
  readonly code = 'INVALID_INPUT';
  readonly fieldErrors: readonly FieldError[];

  constructor(fieldErrors: readonly FieldError[]) {
    super(fieldErrors.map(withPath).join(' '));
    this.fieldErrors = fieldErrors;
  }
}

/** `documents[0].title: The title …`, for clients and logs that show only the message. */
function withPath({ path, message }: FieldError): string {
  const text = path.map((name) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`)).join('');
  return text === '' ? message : `${text.replace(/^\./, '')}: ${message}`;
}

export type Resource = 'DOSSIER' | 'SIGNATURE_REQUEST' | 'DOCUMENT';

const RESOURCE_NAMES: Readonly<Record<Resource, string>> = {
  DOSSIER: 'dossier',
  SIGNATURE_REQUEST: 'signature request',
  DOCUMENT: 'document of this signature request',
};

/** No record that the caller may access has this id. */
export class NotFoundError extends DomainError {
  override readonly name = 'NotFoundError';
  readonly code = 'NOT_FOUND';
  readonly resource: Resource;

  constructor(resource: Resource) {
    super(`No ${RESOURCE_NAMES[resource]} has this id.`);
    this.resource = resource;
  }
}

/** The status of the signature request does not allow the action. */
export class WrongStatusError extends DomainError {
  override readonly name = 'WrongStatusError';
  readonly code = 'WRONG_STATUS';
  readonly status: string;
  readonly allowed: readonly string[];

  constructor(status: string, allowed: readonly string[]) {
    super(`The signature request is in status ${status}, but must be in status ${allowed.join(' or ')}.`);
    this.status = status;
    this.allowed = allowed;
  }
}

/** Documents have not been uploaded, or the service was still validating them when the wait ended. */
export class DocumentsNotReadyError extends DomainError {
  override readonly name = 'DocumentsNotReadyError';
  readonly code = 'DOCUMENTS_NOT_READY';
  readonly documents: readonly Document[];

  constructor(documents: readonly Document[]) {
    super(
      `${namesOf(documents)} not ready. Upload missing files, or retry in a moment if the service is still validating them.`,
    );
    this.documents = documents;
  }
}

/** The service rejected the content of documents. */
export class DocumentRejectedError extends DomainError {
  override readonly name = 'DocumentRejectedError';
  readonly code = 'DOCUMENT_REJECTED';
  readonly documents: readonly Document[];
  readonly reasons: readonly string[];

  constructor(documents: readonly Document[]) {
    super(`${namesOf(documents)} rejected by the service. See the reasons, then upload a corrected PDF.`);
    this.documents = documents;
    this.reasons = documents.flatMap(rejectReasons);
  }
}

function namesOf(documents: readonly Document[]): string {
  const titles = documents.map(({ title }) => `“${title}”`).join(', ');
  return documents.length === 1 ? `The document ${titles} was` : `The documents ${titles} were`;
}

/** The service separates the reasons for one document by line breaks. */
export function rejectReasons(document: Document): string[] {
  return document.rejectReason?.split('\n') ?? [];
}

export type SignerUnavailableReason =
  'NO_IO_PROFILE' | 'SERVICE_DISABLED' | 'NOT_A_TESTER' | 'PROFILE_UNAVAILABLE';

const SIGNER_UNAVAILABLE_MESSAGES: Readonly<Record<SignerUnavailableReason, string>> = {
  NO_IO_PROFILE:
    'The citizen has never logged in to the IO app. Ask the citizen to log in, or sign on paper.',
  SERVICE_DISABLED:
    'The citizen has disabled this service in the IO app. Ask the citizen to enable it, or sign on paper.',
  NOT_A_TESTER:
    'The API key is a test key that does not list the citizen as a tester or does not allow the IP address of the gateway. Add the citizen or the address to the key.',
  PROFILE_UNAVAILABLE: 'The service could not read the IO profile of the citizen. Retry later.',
};

/** Without a message in the app, the citizen can sign by the QR code, which only an existing request has. */
const DISABLED_WITH_REQUEST =
  'The citizen has disabled this service in the IO app. If the signature request has a QR code, show the QR code or its link to the citizen.';

/** The citizen cannot be reached through the IO app, for a reason that only the citizen or the operator can change. */
export class SignerUnavailableError extends DomainError {
  override readonly name = 'SignerUnavailableError';
  readonly code = 'SIGNER_UNAVAILABLE';
  readonly reason: SignerUnavailableReason;

  /** `hasRequest`: a signature request exists, and its notification was refused. */
  constructor(reason: SignerUnavailableReason, { hasRequest = false } = {}) {
    super(
      hasRequest && reason === 'SERVICE_DISABLED'
        ? DISABLED_WITH_REQUEST
        : SIGNER_UNAVAILABLE_MESSAGES[reason],
    );
    this.reason = reason;
  }
}

/** The notification of the signature request was already sent. */
export class AlreadyNotifiedError extends DomainError {
  override readonly name = 'AlreadyNotifiedError';
  readonly code = 'ALREADY_NOTIFIED';
  readonly ioMessageId: string;

  constructor(ioMessageId: string) {
    super('The citizen was already notified. The service sends one notification per signature request.');
    this.ioMessageId = ioMessageId;
  }
}

/** The file exceeds the size limit of the gateway. */
export class FileTooLargeError extends DomainError {
  override readonly name = 'FileTooLargeError';
  readonly code = 'FILE_TOO_LARGE';
  readonly limitBytes: number;

  constructor(limitBytes: number) {
    super(`The file exceeds the limit of ${limitBytes} bytes. Nothing was stored. Upload a smaller file.`);
    this.limitBytes = limitBytes;
  }
}

/** The file does not start with `%PDF-`. */
export class NotAPdfError extends DomainError {
  override readonly name = 'NotAPdfError';
  readonly code = 'NOT_A_PDF';

  constructor() {
    super('The file is not a PDF: it does not start with “%PDF-”. Nothing was stored. Upload a PDF.');
  }
}

/** The file is empty. */
export class EmptyFileError extends DomainError {
  override readonly name = 'EmptyFileError';
  readonly code = 'EMPTY_FILE';

  constructor() {
    super('The file is empty. Nothing was stored. Upload a PDF.');
  }
}

export type UnreadablePdfReason = 'NOT_OPENED' | 'TOO_COMPLEX';

const UNREADABLE_PDF_MESSAGES: Readonly<Record<UnreadablePdfReason, string>> = {
  NOT_OPENED:
    'The PDF cannot be opened: it is damaged, encrypted or protected by a password. Save it without protection and retry.',
  TOO_COMPLEX:
    'The gateway could not inspect the PDF within its limits of time and memory. Save it again with another program, or set the positions of the fields as boxes.',
};

/** The PDF could not be opened, by the service or by the gateway with the library of the service, or not be inspected. */
export class UnreadablePdfError extends DomainError {
  override readonly name = 'UnreadablePdfError';
  readonly code = 'UNREADABLE_PDF';
  readonly reason: UnreadablePdfReason;

  constructor(reason: UnreadablePdfReason = 'NOT_OPENED', options?: ErrorOptions) {
    super(UNREADABLE_PDF_MESSAGES[reason], options);
    this.reason = reason;
  }
}

/** A count in words: `once`, `2 times`. */
export const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/** An anchor whose text was not found, or not as often as `occurrence`. */
export interface MissingAnchor {
  readonly path: readonly string[];
  readonly text: string;
  /** How often the text was found. */
  readonly matches: number;
  /** The most similar text. */
  readonly nearest: string | undefined;
}

/** The texts of anchors were not found in the PDF. The mutation had no effect. */
export class AnchorNotFoundError extends DomainError {
  override readonly name = 'AnchorNotFoundError';
  readonly code = 'ANCHOR_NOT_FOUND';
  readonly anchors: readonly MissingAnchor[];

  constructor(anchors: readonly MissingAnchor[]) {
    // The texts are those of a document, which may name persons. They are fields of the error and not part of its message,
    // because callers log messages.
    const paths = anchors.map(({ path, matches, nearest }, nth) => {
      const similar = nearest === undefined ? '' : `; anchors[${nth}].nearest has the most similar text`;
      return withPath({ path, message: `found ${times(matches)}${similar}.` });
    });
    super(
      `The text of an anchor was not found in the PDF, or not as often as its occurrence. ${paths.join(' ')} Compare the text with the document: it must be on one line, with the same case.`,
    );
    this.anchors = anchors;
  }
}

/** The files of a multipart request did not arrive in the order of the fields that use them. */
export class FileOrderError extends DomainError {
  override readonly name = 'FileOrderError';
  readonly code = 'FILE_ORDER';

  constructor() {
    super(
      'The files did not arrive in the order of the fields that use them. Nothing was stored. Send the files in that order.',
    );
  }
}

/** The file did not arrive completely. */
export class UploadInterruptedError extends DomainError {
  override readonly name = 'UploadInterruptedError';
  readonly code = 'UPLOAD_INTERRUPTED';

  constructor(options?: ErrorOptions) {
    super('The file did not arrive completely. Nothing was stored. Send it again.', options);
  }
}

/** The same `idempotencyKey` was used before with a different input. */
export class IdempotencyConflictError extends DomainError {
  override readonly name = 'IdempotencyConflictError';
  readonly code = 'IDEMPOTENCY_CONFLICT';

  constructor() {
    super(
      'This idempotencyKey was used before with a different input. The mutation had no effect. Use a new key for a new operation.',
    );
  }
}

/** Which outcome is unknown. */
export type UnknownOutcome =
  | 'DOSSIER'
  | 'SIGNATURE_REQUEST'
  | 'STATUS'
  | 'NOTIFICATION'
  | 'SEVERAL_REQUESTS'
  | 'UNCERTAIN_REQUEST'
  | 'FORGOTTEN_KEY'
  | 'UNDER_WAY';

const UNKNOWN_OUTCOME_MESSAGES: Readonly<Record<UnknownOutcome, string>> = {
  DOSSIER:
    'Firma con IO did not answer: the dossier may or may not have been created. Retry: a duplicate dossier has no effect, because citizens do not see a dossier without signature requests.',
  SIGNATURE_REQUEST:
    'Firma con IO did not answer: the signature request may or may not have been created. Retry with the same idempotencyKey: the gateway searches for the request before it creates another. Without a key, read the signature requests of the dossier first.',
  STATUS:
    'Firma con IO did not answer, and the status of the signature request has not changed. It may still change. Retry: a second call has no further effect.',
  NOTIFICATION:
    'Firma con IO did not answer: the notification may or may not have been sent. Retry: the service sends one notification per signature request.',
  SEVERAL_REQUESTS:
    'An earlier call with this idempotencyKey may have created one of several signature requests of the dossier. Read the signature requests of the dossier and continue with one of them, or use a new key to create another.',
  UNCERTAIN_REQUEST:
    'An earlier call with this idempotencyKey may have created a signature request of the dossier, but its creation time does not prove it. Read the signature requests of the dossier and continue with one of them, or use a new key to create another.',
  FORGOTTEN_KEY:
    'An earlier call with this idempotencyKey may have created a signature request of the dossier before the gateway lost its idempotency keys (in a restart, or because Redis lost its data). Read the signature requests of the dossier and continue with one of them, or retry without an idempotencyKey to create another.',
  UNDER_WAY:
    'The first call with this idempotencyKey is still running. Retry with the same key to receive its outcome.',
};

/** The outcome is unknown: the operation may or may not have been performed. The message says how to find out. */
export class OutcomeUnknownError extends DomainError {
  override readonly name = 'OutcomeUnknownError';
  readonly code = 'OUTCOME_UNKNOWN';

  /** The id of the signature request that the operation may have created. */
  readonly signatureRequestId: string | undefined;

  constructor(
    outcome: UnknownOutcome,
    options: { readonly cause?: unknown; readonly signatureRequestId?: string | undefined } = {},
  ) {
    super(UNKNOWN_OUTCOME_MESSAGES[outcome], options.cause === undefined ? {} : { cause: options.cause });
    this.signatureRequestId = options.signatureRequestId;
  }
}
