import type { Document } from '../../upstream/decode.ts';
import type { ErrorCode } from './codes.ts';

/**
 * An outcome the caller can act on. Mutations list the subclasses they may answer with; the message is written for
 * people and holds no value of the input, no address and none of the service's own words.
 */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
}

/** One thing wrong with the input. `path` leads from the mutation's `input` to the value: `['documents', '0', 'title']`. */
export interface FieldError {
  readonly path: readonly string[];
  readonly message: string;
}

/** The input breaks rules of the service. Holds every problem found, not only the first; nothing was sent. */
export class InvalidInputError extends DomainError {
  override readonly name = 'InvalidInputError';
  readonly code = 'INVALID_INPUT';
  readonly fieldErrors: readonly FieldError[];

  constructor(fieldErrors: readonly FieldError[]) {
    super(fieldErrors.map(withPlace).join(' '));
    this.fieldErrors = fieldErrors;
  }
}

/** `documents[0].title: The title …`, for people who see the message alone, as in a log. */
function withPlace({ path, message }: FieldError): string {
  const place = path.map((name) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`)).join('');
  return place === '' ? message : `${place.replace(/^\./, '')}: ${message}`;
}

export type Resource = 'DOSSIER' | 'SIGNATURE_REQUEST' | 'DOCUMENT';

const RESOURCE_WORDS: Readonly<Record<Resource, string>> = {
  DOSSIER: 'dossier',
  SIGNATURE_REQUEST: 'signature request',
  DOCUMENT: 'document of this signature request',
};

/** Nothing that the caller may see has this id. */
export class NotFoundError extends DomainError {
  override readonly name = 'NotFoundError';
  readonly code = 'NOT_FOUND';
  readonly resource: Resource;

  constructor(resource: Resource) {
    super(`No ${RESOURCE_WORDS[resource]} has this id.`);
    this.resource = resource;
  }
}

/** The request is in a status in which the service does not allow the action. */
export class WrongStatusError extends DomainError {
  override readonly name = 'WrongStatusError';
  readonly code = 'WRONG_STATUS';
  readonly status: string;
  readonly allowed: readonly string[];

  constructor(status: string, allowed: readonly string[]) {
    super(`The signature request is in status ${status}; this works in ${allowed.join(' or ')} only.`);
    this.status = status;
    this.allowed = allowed;
  }
}

/** Some documents have not been uploaded, or the service had not finished checking them when the wait ended. */
export class DocumentsNotReadyError extends DomainError {
  override readonly name = 'DocumentsNotReadyError';
  readonly code = 'DOCUMENTS_NOT_READY';
  readonly documents: readonly Document[];

  constructor(documents: readonly Document[]) {
    super(
      `${namesOf(documents)} not ready: upload what is missing, or try again in a moment if it was uploaded just now.`,
    );
    this.documents = documents;
  }
}

/** The service refused the content of documents. Upload a corrected PDF for each. */
export class DocumentRejectedError extends DomainError {
  override readonly name = 'DocumentRejectedError';
  readonly code = 'DOCUMENT_REJECTED';
  readonly documents: readonly Document[];
  readonly reasons: readonly string[];

  constructor(documents: readonly Document[]) {
    super(`${namesOf(documents)} rejected by the service; see the reasons, then upload a corrected PDF.`);
    this.documents = documents;
    this.reasons = documents.flatMap(rejectReasons);
  }
}

function namesOf(documents: readonly Document[]): string {
  const titles = documents.map(({ title }) => `“${title}”`).join(', ');
  return documents.length === 1 ? `The document ${titles} was` : `The documents ${titles} were`;
}

/** The service joins the failures of one document by line breaks. */
export function rejectReasons(document: Document): string[] {
  return document.rejectReason?.split('\n') ?? [];
}

export type SignerUnavailableReason =
  'NO_IO_PROFILE' | 'SERVICE_DISABLED' | 'NOT_A_TESTER' | 'PROFILE_UNAVAILABLE';

const SIGNER_UNAVAILABLE_WORDS: Readonly<Record<SignerUnavailableReason, string>> = {
  NO_IO_PROFILE: 'The citizen has never logged in to the IO app. Ask them to, or sign on paper.',
  SERVICE_DISABLED:
    'The citizen has switched this service off in the IO app. If the request has a QR code, show them that or its link instead.',
  NOT_A_TESTER:
    'The citizen is not on the list of testers of the test key in use, or the gateway’s address is not on the key’s list.',
  PROFILE_UNAVAILABLE: 'The service could not read the citizen’s IO profile. Try again later.',
};

/** The citizen cannot be reached through IO, for a reason that only they, or whoever manages the key, can change. */
export class SignerUnavailableError extends DomainError {
  override readonly name = 'SignerUnavailableError';
  readonly code = 'SIGNER_UNAVAILABLE';
  readonly reason: SignerUnavailableReason;

  constructor(reason: SignerUnavailableReason) {
    super(SIGNER_UNAVAILABLE_WORDS[reason]);
    this.reason = reason;
  }
}

/** The one notification of this request has been sent before. */
export class AlreadyNotifiedError extends DomainError {
  override readonly name = 'AlreadyNotifiedError';
  readonly code = 'ALREADY_NOTIFIED';
  readonly ioMessageId: string;

  constructor(ioMessageId: string) {
    super('The citizen has already been notified; the service sends one message per request.');
    this.ioMessageId = ioMessageId;
  }
}

/** The file is larger than this gateway takes. Nothing was stored. */
export class FileTooLargeError extends DomainError {
  override readonly name = 'FileTooLargeError';
  readonly code = 'FILE_TOO_LARGE';
  readonly limitBytes: number;

  constructor(limitBytes: number) {
    super(`The file is larger than the limit of ${limitBytes} bytes. Nothing was stored.`);
    this.limitBytes = limitBytes;
  }
}

/** The file does not begin as a PDF does. Nothing was stored. */
export class NotAPdfError extends DomainError {
  override readonly name = 'NotAPdfError';
  readonly code = 'NOT_A_PDF';

  constructor() {
    super('The file is not a PDF: it does not begin with “%PDF-”. Nothing was stored.');
  }
}

/** The file has no bytes. Nothing was stored. */
export class EmptyFileError extends DomainError {
  override readonly name = 'EmptyFileError';
  readonly code = 'EMPTY_FILE';

  constructor() {
    super('The file is empty. Nothing was stored.');
  }
}

/** The service could not open the PDF. */
export class UnreadablePdfError extends DomainError {
  override readonly name = 'UnreadablePdfError';
  readonly code = 'UNREADABLE_PDF';

  constructor() {
    super(
      'The PDF could not be opened: it is damaged, encrypted or protected by a password. Save it again without protection.',
    );
  }
}

/** Files of one multipart request came in another order than the fields that use them. */
export class FileOrderError extends DomainError {
  override readonly name = 'FileOrderError';
  readonly code = 'FILE_ORDER';

  constructor() {
    super(
      'The files were sent in another order than they are used in. Send them in the order of the fields that use them. Nothing was stored.',
    );
  }
}

/** The file did not arrive whole. Nothing was stored. */
export class UploadInterruptedError extends DomainError {
  override readonly name = 'UploadInterruptedError';
  readonly code = 'UPLOAD_INTERRUPTED';

  constructor() {
    super('The file did not arrive whole. Nothing was stored: send it again.');
  }
}

/** The same `idempotencyKey` was given before with another input. Nothing was sent. */
export class IdempotencyConflictError extends DomainError {
  override readonly name = 'IdempotencyConflictError';
  readonly code = 'IDEMPOTENCY_CONFLICT';

  constructor() {
    super(
      'This idempotencyKey was used with another input within the last hours. Nothing was sent: take a new key for something new.',
    );
  }
}

/** What nobody knows: whether something was made or sent, or how a call ends that is still under way. */
export type Doubt =
  | 'DOSSIER'
  | 'SIGNATURE_REQUEST'
  | 'STATUS'
  | 'NOTIFICATION'
  | 'SEVERAL_REQUESTS'
  | 'UNCERTAIN_REQUEST'
  | 'FORGOTTEN_KEY'
  | 'UNDER_WAY';

const DOUBT_WORDS: Readonly<Record<Doubt, string>> = {
  DOSSIER:
    'Firma con IO did not answer, so nobody knows whether the dossier was made. Repeat: a dossier without requests is seen by nobody, so one too many does no harm.',
  SIGNATURE_REQUEST:
    'Firma con IO did not answer, so nobody knows whether the signature request was made. Repeat with the same idempotencyKey: the gateway looks for it before it makes another. Without a key, look at the requests of the dossier first.',
  STATUS:
    'Firma con IO did not answer, and the signature request is as it was. It may still change. Repeat: it is marked or cancelled once.',
  NOTIFICATION:
    'Firma con IO did not answer, so nobody knows whether the message was sent. Repeat: the service sends one message per request.',
  SEVERAL_REQUESTS:
    'Several requests of the dossier could be the one that this idempotencyKey has made. Look at them and go on with one, or take a new key to make another.',
  UNCERTAIN_REQUEST:
    'A request of the dossier could be the one that this idempotencyKey has made, and the time at which it was created leaves that open. Look at the requests of the dossier and go on with one, or take a new key to make another.',
  FORGOTTEN_KEY:
    'The dossier has a signature request like this one that is older than what the gateway knows of idempotency keys, as it was restarted or its Redis lost its data. It may be the one of this idempotencyKey. Look at the requests of the dossier and go on with one, or repeat without an idempotencyKey to make another.',
  UNDER_WAY:
    'The first call with this idempotencyKey is still under way. Repeat with the same key to learn how it ends.',
};

/** What was asked may have happened, and nobody knows. The message says how to go on. */
export class OutcomeUnknownError extends DomainError {
  override readonly name = 'OutcomeUnknownError';
  readonly code = 'OUTCOME_UNKNOWN';

  /** Of the request that it may have been. */
  readonly signatureRequestId: string | undefined;

  constructor(
    doubt: Doubt,
    options: { readonly cause?: unknown; readonly signatureRequestId?: string | undefined } = {},
  ) {
    super(DOUBT_WORDS[doubt], options.cause === undefined ? {} : { cause: options.cause });
    this.signatureRequestId = options.signatureRequestId;
  }
}
