import { FISCAL_CODE } from '../upstream/operations/get-signer-by-fiscal-code.ts';
import { ROLES } from './caller.ts';
import type { Caller, Role } from './caller.ts';
import { AuthenticationError } from './auth-errors.ts';

/** The claims of a token that hold these values: a name, or a path of names separated by dots. */
export interface ClaimNames {
  readonly role: string;
  readonly tenant: string;
  readonly fiscalCode: string;
}

/** The latest time of a `Date`. A token may contain any number. */
const LAST_MOMENT_MS = 8.64e15;

type Claims = Readonly<Record<string, unknown>>;

/**
 * The caller that the claims of a verified token describe.
 * @throws {AuthenticationError} `no-rights` if they name no role, or several
 */
export function callerOfClaims(claims: Claims, names: ClaimNames, clockSkewSeconds: number): Caller {
  const subject = claims['sub'];
  const expiry = claims['exp'];
  if (typeof subject !== 'string' || subject === '') throw new AuthenticationError('invalid', 'claim sub');
  if (typeof expiry !== 'number') throw new AuthenticationError('invalid', 'claim exp');
  const tenantClaim = claimAt(claims, names.tenant);
  const tenant = typeof tenantClaim === 'string' && tenantClaim !== '' ? tenantClaim : undefined;
  const expiresAt = new Date(Math.min((expiry + clockSkewSeconds) * 1000, LAST_MOMENT_MS));
  const known = { kind: 'jwt', tenant, subject, expiresAt } as const;
  const role = roleIn(claims, names.role);
  if (role !== 'citizen') return { ...known, role };
  return { ...known, role, fiscalCode: fiscalCodeIn(claims, names.fiscalCode) };
}

/** A claim by its whole name, as names such as `https://example.it/role` contain dots, or else by its path. */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let found: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = Object.entries(found).find(([key]) => key === name)?.[1];
  }
  return found;
}

/** One role, or a list that contains one role among unknown names. Two roles are ambiguous. */
function roleIn(claims: Claims, name: string): Role {
  const claim = claimAt(claims, name);
  const named: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const [role, ...others] = ROLES.filter((known) => named.includes(known));
  if (role === undefined || others.length > 0) throw withoutRights(name);
  return role;
}

/** SPID and CIE prefix the code with `TINIT-`, as eIDAS does, and identity providers forward it. */
function fiscalCodeIn(claims: Claims, name: string): string {
  const claim = claimAt(claims, name);
  const written = typeof claim === 'string' ? claim.replace(/^TINIT-/i, '') : '';
  const code = written.toUpperCase();
  // Some letters (ſ, ı) become ASCII in upper case, which would make two codes equal.
  if (!/^[\dA-Za-z]+$/.test(written) || !FISCAL_CODE.test(code)) throw withoutRights(name);
  return code;
}

const withoutRights = (claim: string): AuthenticationError =>
  new AuthenticationError('no-rights', `claim ${claim}`);
