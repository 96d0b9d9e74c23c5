/**
 * Why a request is not authenticated.
 *
 * - `missing`: it has no credential.
 * - `invalid`: its credential is forged, expired, revoked, or for another audience.
 * - `no-rights`: its credential is valid, but has no role, no tenant, or no fiscal code of a citizen.
 * - `unavailable`: its credential cannot be checked, because the keys of the issuer are not readable.
 */
export type AuthenticationFailure = 'missing' | 'invalid' | 'no-rights' | 'unavailable';

/** The only error of authentication. Its message and its reason contain nothing of the credential. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError';
  readonly failure: AuthenticationFailure;
  /** The violated rule or claim, for the log only. Callers do not get it. */
  readonly reason: string;

  constructor(failure: AuthenticationFailure, reason: string, options?: ErrorOptions) {
    super(`authentication: ${failure}`, options);
    this.failure = failure;
    this.reason = reason;
  }
}
