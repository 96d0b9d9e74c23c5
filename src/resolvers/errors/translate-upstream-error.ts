import { UpstreamError } from '../../upstream/failure/upstream-error.ts';
import type { UpstreamErrorKind } from '../../upstream/failure/failure-kinds.ts';
import {
  InvalidInputError,
  NotFoundError,
  OutcomeUnknownError,
  SignerUnavailableError,
  UnreadablePdfError,
} from './domain-errors.ts';
import { UpstreamFault } from './faults.ts';
import type { Doubt } from './domain-errors.ts';
import type { FaultCode } from './codes.ts';

/** One line of the table: what came from where, and what the caller is told. `name` is how `docs/reference/errors.md` calls it. */
export interface TranslationRow {
  /** `operationId`, or `*` for any operation that has no line of its own. */
  readonly operation: string;
  readonly kind: UpstreamErrorKind;
  /** The service's own words, where the kind alone does not tell two outcomes apart. */
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

/** A call that makes something and is not answered: whether it was carried out, nobody knows. */
const unanswered = (operation: string, doubt: Doubt): TranslationRow[] =>
  (['timeout', 'connection-lost'] as const).map((kind) => ({
    operation,
    kind,
    name: 'OutcomeUnknownError',
    make: (cause) => new OutcomeUnknownError(doubt, { cause }),
  }));

const refusedInput = (): Error =>
  new InvalidInputError([
    { path: [], message: 'The service refused this input without saying which value.' },
  ]);
const expired = (): Error =>
  new InvalidInputError([{ path: ['expiresAt'], message: 'The expiry must be in the future.' }]);
const noDossier = (): Error => new NotFoundError('DOSSIER');
const noRequest = (): Error => new NotFoundError('SIGNATURE_REQUEST');
const signer = (reason: SignerUnavailableError['reason']) => (): Error => new SignerUnavailableError(reason);

/** Failures of IO, one step further on, that pass. */
const MESSAGE_FAILED = 'An error occurred while sending the message!';
const PROFILE_REFUSED = 'You are not allowed to issue requests for this user!';
const PROFILE_FAILED = 'An error occurred while getting the profile!';

/** The one table from a failure of the service to an error of the gateway. The first line that fits decides. */
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
    signer('NO_IO_PROFILE'),
    'User profile not found!',
  ),
  row('sendNotification', 'not-found', 'NotFoundError', noRequest),
  row(
    'sendNotification',
    'bad-request',
    'SignerUnavailableError',
    signer('SERVICE_DISABLED'),
    'It is not allowed to send a message to this user.',
  ),
  row(
    'sendNotification',
    'bad-request',
    'SignerUnavailableError',
    signer('SERVICE_DISABLED'),
    PROFILE_REFUSED,
  ),
  row(
    'sendNotification',
    'bad-request',
    'SignerUnavailableError',
    signer('PROFILE_UNAVAILABLE'),
    PROFILE_FAILED,
  ),
  { ...fault('bad-request', 'UPSTREAM_UNAVAILABLE', 'sendNotification'), detail: MESSAGE_FAILED },
  ...unanswered('sendNotification', 'NOTIFICATION'),
  row('validateDocument', 'unprocessable', 'InvalidInputError', refusedInput),
  // An unreadable PDF is a 500 whose detail is a class of JavaScript; other failures of the service have one of its own.
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

/** What a caller of the gateway is told about a failure. Anything but an `UpstreamError` is passed on as it is. */
export function translateUpstreamError(failure: unknown): unknown {
  if (!(failure instanceof UpstreamError)) return failure;
  const fits = ({ operation, kind, detail }: TranslationRow): boolean =>
    (operation === '*' || operation === failure.operation) &&
    kind === failure.kind &&
    (detail === undefined || detail === failure.detail);
  return TRANSLATIONS.find(fits)?.make(failure) ?? failure;
}

/** Awaits a call of the service. @throws the translation of its failure. */
export async function translated<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (failure) {
    throw translateUpstreamError(failure);
  }
}
