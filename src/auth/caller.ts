/** What a caller may do; `docs/guide/authentication.md` has the table. */
export const ROLES = ['operator', 'reader', 'citizen'] as const;
export type Role = (typeof ROLES)[number];

/** Somebody who has shown who they are. */
interface Known {
  /** Which credential said so. */
  readonly kind: 'jwt' | 'api-key';
  /** Whose issuer key is used. Undefined where the gateway has one key for all. */
  readonly tenant: string | undefined;
  /** `sub` of the token, or the name of the key. Without meaning for the gateway, but good for telling callers apart. */
  readonly subject: string;
  /**
   * When the credential is no longer taken, clock skew included: what goes on longer than a request, such as a stream of
   * events, ends then. Undefined for a key, which ends by being taken out of its file.
   */
  readonly expiresAt: Date | undefined;
}

/** Acts for the institution. */
export interface Staff extends Known {
  readonly role: 'operator' | 'reader';
}

/** Acts for themselves alone. */
export interface Citizen extends Known {
  readonly role: 'citizen';
  /** In upper case. Must never reach a log, a message or a URL. */
  readonly fiscalCode: string;
}

/** Nobody was asked (`AUTH=none`): everything is allowed, and whoever runs the gateway has said so. */
export interface Anybody {
  readonly kind: 'none';
}

/** Who sent a request. */
export type Caller = Anybody | Staff | Citizen;

export const ANYBODY: Anybody = { kind: 'none' };

/** The role that the rules of the schema are held against. */
export function roleOf(caller: Caller): Role {
  return caller.kind === 'none' ? 'operator' : caller.role;
}

/** Whose issuer key is used for a caller; undefined where there is one for all. */
export function tenantOf(caller: Caller): string | undefined {
  return caller.kind === 'none' ? undefined : caller.tenant;
}

/** The fiscal code of somebody who may see only what is theirs; undefined for those who see all of their tenant. */
export function ownFiscalCode(caller: Caller): string | undefined {
  return caller.kind !== 'none' && caller.role === 'citizen' ? caller.fiscalCode : undefined;
}

/** Tells callers apart, and says nothing about them: no key may be mistaken for another, and the parts may hold anything. */
export function callerKey(caller: Caller): string {
  return caller.kind === 'none' ? '' : JSON.stringify([caller.kind, caller.tenant, caller.subject]);
}
