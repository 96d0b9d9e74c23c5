/**
 * Why a request is turned away at the door.
 *
 * - `missing`: it has no credential.
 * - `invalid`: it has one that is not good: forged, expired, for somebody else, revoked.
 * - `no-rights`: the credential is good and gives no role, no tenant, or no fiscal code of a citizen.
 * - `unavailable`: whether it is good cannot be told, as the keys of the issuer cannot be read.
 */
export type AuthenticationFailure = 'missing' | 'invalid' | 'no-rights' | 'unavailable';

/** The one error of authentication. Neither its message nor its reason holds anything of the credential. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError';
  readonly failure: AuthenticationFailure;
  /** For the log: which rule or which claim it is about. Callers do not get it. */
  readonly reason: string;

  constructor(failure: AuthenticationFailure, reason: string, options?: ErrorOptions) {
    super(`authentication: ${failure}`, options);
    this.failure = failure;
    this.reason = reason;
  }
}
