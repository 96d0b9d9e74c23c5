import type { RequestSignatureResult } from './gateway/operations.ts';
import { MESSAGES } from './language/messages.ts';
import type { AdviceCode } from './language/messages.ts';

/** A failed operation, as the page shows it. */
export interface Failure {
  readonly code: AdviceCode;
  /** The English text of the gateway, and the reasons of the service. */
  readonly details: readonly string[];
  /** The values that the error concerns, by their path from `input`. */
  readonly fieldErrors: readonly { readonly path: readonly string[]; readonly message: string }[];
  readonly step?: Extract<RequestSignatureResult, { step: unknown }>['step'];
  /** Whether the same operation, sent again, continues. */
  readonly canContinue: boolean;
}

/** The code if the page has words for it. */
export const adviceCode = (code: string): AdviceCode =>
  Object.hasOwn(MESSAGES.en.advice, code) ? (code as AdviceCode) : 'OTHER';

/** Errors that the same request cannot get past. */
const FINAL: readonly AdviceCode[] = [
  'EMPTY_FILE',
  'FILE_TOO_LARGE',
  'IDEMPOTENCY_CONFLICT',
  'NOT_A_PDF',
  'NOT_FOUND',
  'UNREADABLE_PDF',
];

/** Errors of a file, which a request with it could only repeat. */
export const isFileError = (code: AdviceCode): boolean =>
  ['EMPTY_FILE', 'FILE_TOO_LARGE', 'NOT_A_PDF', 'UNREADABLE_PDF'].includes(code);

export function failureOfFault({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): Failure {
  return { code: adviceCode(code), details: [message], fieldErrors: [], canContinue: true };
}

/** @returns undefined for a result without error. */
export function failureOf(result: RequestSignatureResult): Failure | undefined {
  switch (result.__typename) {
    case 'RequestSignaturePayload':
      return undefined;
    case 'RequestSignatureIncompleteError': {
      const { cause, step } = result;
      const reasons = cause.__typename === 'DocumentRejectedError' ? cause.reasons : [];
      const code = adviceCode(cause.__typename === 'ServiceFaultError' ? cause.fault : cause.code);
      return {
        code,
        step,
        details: [cause.message, ...reasons],
        fieldErrors: code === 'SIGNER_UNAVAILABLE' ? [{ path: ['signer'], message: cause.message }] : [],
        canContinue: !FINAL.includes(code),
      };
    }
    case 'InvalidInputError': {
      const { fieldErrors, message } = result;
      return { code: 'INVALID_INPUT', details: [message], fieldErrors, canContinue: false };
    }
    case 'AnchorNotFoundError': {
      const fieldErrors = result.anchors.map(({ path, text }) => ({ path, message: text }));
      return { code: 'ANCHOR_NOT_FOUND', details: [result.message], fieldErrors, canContinue: false };
    }
    default: {
      const code = adviceCode(result.code);
      return { code, details: [result.message], fieldErrors: [], canContinue: !FINAL.includes(code) };
    }
  }
}
