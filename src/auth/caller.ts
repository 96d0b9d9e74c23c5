/** The rights of a caller. `docs/guide/authentication.md` has the table. */
export const ROLES = ['operator', 'reader', 'citizen'] as const;
export type Role = (typeof ROLES)[number];

interface AuthenticatedCaller {
  /** The kind of the credential. */
  readonly kind: 'jwt' | 'api-key';
  /** Selects the issuer key. Undefined without tenants. */
  readonly tenant: string | undefined;
  /** The `sub` of the token, or the name of the key. Only used to distinguish callers. */
  readonly subject: string;
  /**
   * When the credential expires, including the clock skew. A subscription ends then. Undefined for an API key, which is
   * valid until it is removed from its file.
   */
  readonly expiresAt: Date | undefined;
}

/** A caller that acts for the institution. */
export interface Staff extends AuthenticatedCaller {
  readonly role: 'operator' | 'reader';
}

/** A caller that acts for one person. */
export interface Citizen extends AuthenticatedCaller {
  readonly role: 'citizen';
  /** In upper case. Must never appear in a log, a message or a URL. */
  readonly fiscalCode: string;
}

/** A caller of a gateway without authentication (`AUTH=none`), with the rights of an operator. */
export interface UnauthenticatedCaller {
  readonly kind: 'none';
}

/** The sender of a request. */
export type Caller = UnauthenticatedCaller | Staff | Citizen;

export const UNAUTHENTICATED_CALLER: UnauthenticatedCaller = { kind: 'none' };

/** The role that the scopes of the schema are checked against. */
export function roleOf(caller: Caller): Role {
  return caller.kind === 'none' ? 'operator' : caller.role;
}

/** The tenant of a caller; undefined without tenants. */
export function tenantOf(caller: Caller): string | undefined {
  return caller.kind === 'none' ? undefined : caller.tenant;
}

/** The fiscal code of a citizen, who sees only their own requests; undefined for a caller that sees all of its tenant. */
export function ownFiscalCode(caller: Caller): string | undefined {
  return caller.kind !== 'none' && caller.role === 'citizen' ? caller.fiscalCode : undefined;
}

/** The keys of callers. A remembered token has the same caller for each request. */
const keys = new WeakMap<Caller, string>();

/** An unambiguous key of a caller. JSON, because the parts may contain any separator. */
export function callerKey(caller: Caller): string {
  if (caller.kind === 'none') return '';
  let key = keys.get(caller);
  if (key === undefined) {
    key = JSON.stringify([caller.kind, caller.tenant, caller.subject]);
    keys.set(caller, key);
  }
  return key;
}

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
