import { FISCAL_CODE } from '../upstream/fiscal-code.ts';
import { ROLES } from './caller.ts';
import type { Caller, Role } from './caller.ts';
import { AuthenticationError } from './auth-errors.ts';

/** Where a token says what. A name, or a path of names with dots between them. */
export interface ClaimNames {
  readonly role: string;
  readonly tenant: string;
  readonly fiscalCode: string;
}

/** Of a `Date`: a token may name any number. */
const LAST_MOMENT_MS = 8.64e15;

type Claims = Readonly<Record<string, unknown>>;

/**
 * Who the claims of a token, which has been verified, speak of.
 * @throws {AuthenticationError} `no-rights` when they do not say which role, or say several.
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

/** A claim by its whole name, for names such as `https://example.it/role` have dots too, or else by its path. */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let found: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = Object.entries(found).find(([key]) => key === name)?.[1];
  }
  return found;
}

/** One name, or a list that has one among others that are not ours. With two there is no telling which was meant. */
function roleIn(claims: Claims, name: string): Role {
  const claim = claimAt(claims, name);
  const named: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const [role, ...others] = ROLES.filter((known) => named.includes(known));
  if (role === undefined || others.length > 0) throw withoutRights(name);
  return role;
}

/** SPID and CIE write `TINIT-` before it, eIDAS style; identity providers hand that on. */
function fiscalCodeIn(claims: Claims, name: string): string {
  const claim = claimAt(claims, name);
  const written = typeof claim === 'string' ? claim.replace(/^TINIT-/i, '') : '';
  const code = written.toUpperCase();
  // Letters that only become ASCII in capitals (ſ, ı) would make one code of two.
  if (!/^[\dA-Za-z]+$/.test(written) || !FISCAL_CODE.test(code)) throw withoutRights(name);
  return code;
}

const withoutRights = (claim: string): AuthenticationError =>
  new AuthenticationError('no-rights', `claim ${claim}`);
