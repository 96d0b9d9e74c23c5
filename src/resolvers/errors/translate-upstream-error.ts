import { UploadError } from '../../uploads/file-upload.ts';
import type { UploadErrorKind } from '../../uploads/file-upload.ts';
import { UpstreamError } from '../../upstream/failure.ts';
import type { UpstreamErrorKind } from '../../upstream/failure.ts';
import { TimeIsUpError } from '../../upstream/pipeline/deadline.ts';
import type { FaultCode } from './codes.ts';
import {
  InvalidInputError,
  NotFoundError,
  OutcomeUnknownError,
  SignerUnavailableError,
  UnreadablePdfError,
  EmptyFileError,
  FileOrderError,
  FileTooLargeError,
  NotAPdfError,
  UploadInterruptedError,
} from './domain-errors.ts';
import type { UnknownOutcome } from './domain-errors.ts';
import { UpstreamFault } from './faults.ts';

/** A row of the table: an upstream failure and its error. `name` is the name of the error in `docs/reference/errors.md`. */
export interface TranslationRow {
  /** The `operationId`, or `*` for all operations without a matching row. */
  readonly operation: string;
  readonly kind: UpstreamErrorKind;
  /** The text of the service, where the kind does not distinguish two outcomes. */
  readonly detail?: string;
  readonly name: string;
  readonly make: (failure: UpstreamError) => Error;
}

const row = (operation: string, kind: UpstreamErrorKind, name: string, make: () => Error, detail?: string) =>
  ({ operation, kind, name, make, ...(detail === undefined ? {} : { detail }) }) satisfies TranslationRow;

const fault = (kind: UpstreamErrorKind, code: FaultCode, operation = '*'): TranslationRow => ({
  operation,
  kind,
  name: code,
  make: (failure) =>
    new UpstreamFault(code, { retryAfterSeconds: failure.retryAfterSeconds, cause: failure }),
});

/** A write without an answer: it may or may not have been performed. */
const unanswered = (operation: string, outcome: UnknownOutcome): TranslationRow[] =>
  (['timeout', 'connection-lost'] as const).map((kind) => ({
    operation,
    kind,
    name: 'OutcomeUnknownError',
    make: (cause) => new OutcomeUnknownError(outcome, { cause }),
  }));

const refusedInput = (): Error =>
  new InvalidInputError([{ path: [], message: 'The service refused the input without naming the value.' }]);
const expired = (): Error =>
  new InvalidInputError([{ path: ['expiresAt'], message: 'The expiry must be in the future.' }]);
const noDossier = (): Error => new NotFoundError('DOSSIER');
const noRequest = (): Error => new NotFoundError('SIGNATURE_REQUEST');
const signer = (reason: SignerUnavailableError['reason']) => (): Error => new SignerUnavailableError(reason);
const notified = (reason: SignerUnavailableError['reason']) => (): Error =>
  new SignerUnavailableError(reason, { hasRequest: true });

/** Texts of the service for failures of IO. The first and the last are temporary. */
const MESSAGE_FAILED = 'An error occurred while sending the message!';
const PROFILE_REFUSED = 'You are not allowed to issue requests for this user!';
const PROFILE_FAILED = 'An error occurred while getting the profile!';

/** Maps upstream failures to errors of the gateway. The first matching row applies. */
export const TRANSLATIONS: readonly TranslationRow[] = [
  row('createDossier', 'unprocessable', 'InvalidInputError', refusedInput),
  ...unanswered('createDossier', 'DOSSIER'),
  row('getDossier', 'not-found', 'NotFoundError', noDossier),
  row('getRequestsByDossier', 'not-found', 'NotFoundError', noDossier),
  row('getSignerByFiscalCode', 'unprocessable', 'InvalidInputError', refusedInput),
  row('getSignerByFiscalCode', 'not-found', 'SignerUnavailableError', signer('NO_IO_PROFILE')),
  row('getSignerByFiscalCode', 'forbidden', 'SignerUnavailableError', signer('NOT_A_TESTER')),
  row(
    'getSignerByFiscalCode',
    'bad-request',
    'SignerUnavailableError',
    signer('SERVICE_DISABLED'),
    PROFILE_REFUSED,
  ),
  row(
    'getSignerByFiscalCode',
    'bad-request',
    'SignerUnavailableError',
    signer('PROFILE_UNAVAILABLE'),
    PROFILE_FAILED,
  ),
  row('createSignatureRequest', 'not-found', 'NotFoundError', noDossier),
  row('createSignatureRequest', 'bad-request', 'InvalidInputError', expired, 'Invalid expire date.'),
  row('createSignatureRequest', 'unprocessable', 'InvalidInputError', refusedInput),
  ...unanswered('createSignatureRequest', 'SIGNATURE_REQUEST'),
  row('getSignatureRequest', 'not-found', 'NotFoundError', noRequest),
  row('getDocumentUploadUrl', 'not-found', 'NotFoundError', () => new NotFoundError('DOCUMENT'), 'Document'),
  row('getDocumentUploadUrl', 'not-found', 'NotFoundError', noRequest),
  row('setSignatureRequestStatus', 'not-found', 'NotFoundError', noRequest),
  ...unanswered('setSignatureRequestStatus', 'STATUS'),
  row(
    'sendNotification',
    'not-found',
    'SignerUnavailableError',
    notified('NO_IO_PROFILE'),
    'User profile not found!',
  ),
  row('sendNotification', 'not-found', 'NotFoundError', noRequest),
  row(
    'sendNotification',
    'bad-request',
    'SignerUnavailableError',
    notified('SERVICE_DISABLED'),
    'It is not allowed to send a message to this user.',
  ),
  row(
    'sendNotification',
    'bad-request',
    'SignerUnavailableError',
    notified('SERVICE_DISABLED'),
    PROFILE_REFUSED,
  ),
  row(
    'sendNotification',
    'bad-request',
    'SignerUnavailableError',
    notified('PROFILE_UNAVAILABLE'),
    PROFILE_FAILED,
  ),
  { ...fault('bad-request', 'UPSTREAM_UNAVAILABLE', 'sendNotification'), detail: MESSAGE_FAILED },
  ...unanswered('sendNotification', 'NOTIFICATION'),
  row('validateDocument', 'unprocessable', 'InvalidInputError', refusedInput),
  // For an unreadable PDF the service returns a 500 with the name of a JavaScript error class as its detail.
  ...['Error', 'RangeError', 'TypeError'].map((errorClass) =>
    row('validateDocument', 'server-error', 'UnreadablePdfError', () => new UnreadablePdfError(), errorClass),
  ),
  fault('timeout', 'UPSTREAM_TIMEOUT'),
  fault('connection-lost', 'UPSTREAM_TIMEOUT'),
  fault('aborted', 'UPSTREAM_TIMEOUT'),
  fault('unreachable', 'UPSTREAM_UNAVAILABLE'),
  fault('server-error', 'UPSTREAM_UNAVAILABLE'),
  fault('unauthorized', 'UPSTREAM_REFUSED'),
  fault('forbidden', 'UPSTREAM_REFUSED'),
  fault('rate-limited', 'RATE_LIMITED'),
  fault('over-budget', 'RATE_LIMITED'),
  fault('circuit-open', 'UPSTREAM_UNAVAILABLE'),
  fault('bad-request', 'UPSTREAM_CONTRACT'),
  fault('not-found', 'UPSTREAM_CONTRACT'),
  fault('unprocessable', 'UPSTREAM_CONTRACT'),
  fault('contract', 'UPSTREAM_CONTRACT'),
];

/** The error for an upstream failure. Other failures are returned unchanged. */
export function translateUpstreamError(failure: unknown): unknown {
  if (!(failure instanceof UpstreamError)) return failure;
  const matches = ({ operation, kind, detail }: TranslationRow): boolean =>
    (operation === '*' || operation === failure.operation) &&
    kind === failure.kind &&
    (detail === undefined || detail === failure.detail);
  return TRANSLATIONS.find(matches)?.make(failure) ?? failure;
}

/** Awaits an upstream call and translates its failure. */
export function translated<T>(call: Promise<T>): Promise<T> {
  return call.catch(throwTranslated);
}

function throwTranslated(failure: unknown): never {
  throw translateUpstreamError(failure);
}

const wrongFile = (failure: UploadError): Error =>
  new InvalidInputError([{ path: ['file'], message: failure.message }]);

/** The error for each kind of upload failure. */
const UPLOAD_ERRORS: Readonly<Record<UploadErrorKind, (failure: UploadError) => Error>> = {
  'not-a-pdf': () => new NotAPdfError(),
  empty: () => new EmptyFileError(),
  'too-large': ({ limitBytes }) => new FileTooLargeError(limitBytes ?? 0),
  truncated: () => new UploadInterruptedError(),
  'client-gone': () => new UploadInterruptedError(),
  stalled: () => new UploadInterruptedError(),
  'out-of-order': () => new FileOrderError(),
  missing: wrongFile,
  unexpected: wrongFile,
  'already-read': wrongFile,
};

/**
 * Awaits work that reads an uploaded file, and translates its failure. An upstream call wraps the failure of the stream
 * that it sends, so an `UploadError` among the causes takes precedence.
 */
export async function translatedUpload<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (failure) {
    for (let cause: unknown = failure; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof UploadError) throw UPLOAD_ERRORS[cause.kind](cause);
    }
    // The request ended, or its time, while the upload waited for bytes or for a memory block.
    const isAbort =
      failure instanceof TimeIsUpError || (failure instanceof Error && failure.name === 'AbortError');
    if (isAbort) throw new UploadInterruptedError();
    throw translateUpstreamError(failure);
  }
}
