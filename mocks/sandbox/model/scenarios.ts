import { SERVICE_DELAYS_MS } from './clock.ts';
import {
  Refusal,
  badRequest,
  gatewayError,
  internalError,
  notFound,
  tooManyRequests,
} from '../http/problems.ts';
import type { SignatureDocument } from './store.ts';

/** A value in an ordinary call that makes the sandbox reproduce a special behaviour of the service. */
export interface MagicValue {
  /** A complete fiscal code, or a tag anywhere in a title, in upper or lower case. */
  readonly where: 'fiscal code' | 'document title' | 'dossier title';
  readonly value: string;
  /** The effect, in one sentence. */
  readonly effect: string;
}

interface FiscalCodeScenario extends MagicValue {
  /** Response of `POST /signers`. */
  readonly signer?: () => Refusal;
  /** Response of the notification, if the status allows one. */
  readonly notification?: () => Refusal;
}

const noProfile = () => notFound('User profile not found!');
const notAllowed = () => badRequest('You are not allowed to issue requests for this user!');
const profileError = () => badRequest('An error occurred while getting the profile!');
/** The misspelling is the service's. */
export const tokenizerLimit = () => tooManyRequests('Rate limit excedeed.');
const ioBusy = () => tooManyRequests('Too many requests!');
const ioDown = () => internalError('Error');
const messagesOff = () => badRequest('It is not allowed to send a message to this user.');

const BORN_1980_IN_ROME = '80A01H501';
const signerScenario = (name: string, effect: string, signer: () => Refusal): FiscalCodeScenario => ({
  where: 'fiscal code',
  value: name.replace(/^(.{6})/, `$1${BORN_1980_IN_ROME}`),
  effect: `Finding the signer fails: ${effect}`,
  signer,
});
const messageScenario = (name: string, effect: string, notification: () => Refusal): FiscalCodeScenario => ({
  where: 'fiscal code',
  value: name.replace(/^(.{6})/, `$1${BORN_1980_IN_ROME}`),
  effect: `The signer is found, the notification fails: ${effect}`,
  notification,
});

/**
 * Citizens of the sandbox, all born in Rome on 1 January 1980. The first six letters name the scenario. The check character
 * is correct, so that forms which verify it accept these codes.
 */
const FISCAL_CODES: readonly FiscalCodeScenario[] = [
  signerScenario('SNZAPPC', '404, never logged in to IO (senza app).', noProfile),
  signerScenario(
    'NONAMMU',
    '400, requests for this citizen are not allowed; the gateway reports `SERVICE_DISABLED` (non ammesso).',
    notAllowed,
  ),
  signerScenario('PRFERRY', '400, the profile cannot be read (errore del profilo).', profileError),
  signerScenario('TKNLMTC', '429 of the tokenizer.', tokenizerLimit),
  signerScenario('LMTAPPK', '429 of IO.', ioBusy),
  signerScenario('SPNAPPB', '500, IO cannot be reached (app spenta).', ioDown),
  signerScenario(
    'NONTSTO',
    '403 of the gateway, not a tester, for every key.',
    () => new Refusal(gatewayError(403, 'Forbidden')),
  ),
  {
    where: 'fiscal code',
    value: `XMSOFF${BORN_1980_IN_ROME}R`,
    effect:
      'The signer is found, the notification fails: 400, messages of this service are switched off. Any code that begins with X has the same effect.',
    notification: messagesOff,
  },
  messageScenario('NTFAPPG', '404, no longer in IO.', noProfile),
  messageScenario(
    'NTFAMMS',
    '400, requests for this citizen are no longer allowed; the gateway reports `SERVICE_DISABLED`.',
    notAllowed,
  ),
  messageScenario('NTFPRFQ', '400, the profile cannot be read.', profileError),
  messageScenario('NTFERRR', '400, an error while sending.', () =>
    badRequest('An error occurred while sending the message!'),
  ),
  messageScenario('NTFTKNW', '429 of the tokenizer.', tokenizerLimit),
  messageScenario('NTFLMTK', '429 of IO.', ioBusy),
  messageScenario('NTFCNSC', '500, the message cannot be delivered (consegna).', () =>
    internalError('The message cannot be delivered.'),
  ),
  messageScenario('NTFSPNW', '500, IO cannot be reached.', ioDown),
];

/** The response of `POST /signers` in place of the signer. */
export function refusalOfSigner(fiscalCode: string): Refusal | undefined {
  return FISCAL_CODES.find(({ value }) => value === fiscalCode)?.signer?.();
}

/**
 * Why the message is not sent although the status allows it.
 * @param fiscalCode undefined for a signer id that is unknown to the tokenizer
 */
export function refusalOfNotification(fiscalCode: string | undefined): Refusal | undefined {
  if (fiscalCode === undefined) return internalError('Error');
  const scenario = FISCAL_CODES.find(({ value }) => value === fiscalCode);
  if (scenario !== undefined) return scenario.notification?.();
  // The convention of the service's own mock of IO.
  return fiscalCode.startsWith('X') ? messagesOff() : undefined;
}

const REJECTED = '[rifiutato]';
const SLOWLY_VALIDATED = '[validazione lenta]';
const NEVER_VALIDATED = '[mai validato]';
const NEVER_READY = '[mai pronto]';
const LATE_CANCEL = '[annullo tardivo]';
const UNSIGNED_URLS = '[link assente]';
const SIGNATURE_TAG = /\[firma(?: (fallita|sospesa))?(?: dopo (\d{1,7}) s)?\]/i;

const SLOW_VALIDATION_MS = 30_000;

const TAGS: readonly MagicValue[] = [
  {
    where: 'document title',
    value: REJECTED,
    effect: 'Any file is rejected for a signature field that it does not have.',
  },
  {
    where: 'document title',
    value: SLOWLY_VALIDATED,
    effect: `A file is validated after ${SLOW_VALIDATION_MS / 1_000} s instead of ${SERVICE_DELAYS_MS.blobTrigger / 1_000} s.`,
  },
  {
    where: 'document title',
    value: NEVER_VALIDATED,
    effect: 'Files are stored and never validated: the document stays WAIT_FOR_UPLOAD.',
  },
  {
    where: 'dossier title',
    value: NEVER_READY,
    effect: 'Requests stay READY and never become WAIT_FOR_SIGNATURE.',
  },
  {
    where: 'dossier title',
    value: '[firma dopo 10 s]',
    effect:
      'The citizen signs all clauses this number of seconds after WAIT_FOR_SIGNATURE, scaled as all delays; SIGNED about a minute later.',
  },
  {
    where: 'dossier title',
    value: '[firma fallita dopo 10 s]',
    effect: 'As above, but the trust provider fails: REJECTED.',
  },
  {
    where: 'dossier title',
    value: '[firma sospesa dopo 10 s]',
    effect: 'As above, but the trust provider never finishes: the request stays WAIT_FOR_SIGNATURE.',
  },
  {
    where: 'dossier title',
    value: '[firma fallita]',
    effect: 'The trust provider fails when the citizen signs.',
  },
  {
    where: 'dossier title',
    value: '[firma sospesa]',
    effect: 'The trust provider never finishes when the citizen signs.',
  },
  {
    where: 'dossier title',
    value: LATE_CANCEL,
    effect:
      'The signature arrives just before a cancellation: that is refused with 400, and the request is SIGNED.',
  },
  {
    where: 'dossier title',
    value: UNSIGNED_URLS,
    effect:
      'The download URL of a signed document lacks its access signature (`sig`), so the download fails. No error is reported.',
  },
];

/** All magic values, for the documentation. */
export const MAGIC_VALUES: readonly MagicValue[] = [...FISCAL_CODES, ...TAGS].map(
  ({ where, value, effect }) => ({ where, value, effect }),
);

/** The scenario in the title of a dossier. */
export interface DossierScenario {
  readonly neverReady: boolean;
  /** Delay after WAIT_FOR_SIGNATURE until the citizen signs automatically. */
  readonly signsAfterMs: number | undefined;
  /** The default outcome of signatures. */
  readonly outcome: 'signed' | 'pending' | { readonly fails: string };
  readonly signsBeforeCancel: boolean;
  readonly hasUnsignedUrls: boolean;
}

export function dossierScenario(title = ''): DossierScenario {
  const [, outcomeWord, seconds] = SIGNATURE_TAG.exec(title) ?? [];
  return {
    neverReady: hasTag(title, NEVER_READY),
    signsAfterMs: seconds === undefined ? undefined : Number(seconds) * 1_000,
    outcome: outcomeOf(outcomeWord?.toLowerCase()),
    signsBeforeCancel: hasTag(title, LATE_CANCEL),
    hasUnsignedUrls: hasTag(title, UNSIGNED_URLS),
  };
}

function outcomeOf(outcomeWord: string | undefined): DossierScenario['outcome'] {
  if (outcomeWord === 'fallita') return { fails: 'Invalid response status from QTSP!' };
  return outcomeWord === 'sospesa' ? 'pending' : 'signed';
}

/** The delay from the upload of a file to its validation. Undefined for never. */
export function validationDelayMs(documentTitle = ''): number | undefined {
  if (hasTag(documentTitle, NEVER_VALIDATED)) return undefined;
  return hasTag(documentTitle, SLOWLY_VALIDATED) ? SLOW_VALIDATION_MS : SERVICE_DELAYS_MS.blobTrigger;
}

/** The error of every file of this document, in the words of the service. Undefined if there is none. */
export function magicRejectReason({ metadata }: SignatureDocument): string | undefined {
  if (!hasTag(metadata.title, REJECTED)) return undefined;
  const [first] = metadata.signature_fields;
  const name = first !== undefined && 'unique_name' in first.attrs ? first.attrs.unique_name : 'Firma1';
  return `(${first?.clause.title ?? 'Firma'}) the field "${name}" was not found is the uploaded document`;
}

function hasTag(title: string, tag: string): boolean {
  return title.toLowerCase().includes(tag);
}
