import { errors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey, JWTVerifyOptions, JWTVerifyResult } from 'jose';
import { FISCAL_CODE } from '../upstream/operations/get-signer-by-fiscal-code.ts';
import { AuthenticationError, ROLES } from './caller.ts';
import type { Caller, Role } from './caller.ts';

/** Asymmetric signatures only. With a shared secret (HS256), every verifier could also sign tokens. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

export interface JwtRules {
  /** The required `iss`. */
  readonly issuer: string;
  /** The required `aud`, or one of its values. */
  readonly audience: string;
  /** The accepted algorithms. The `alg` of a token alone decides nothing. */
  readonly algorithms: readonly string[];
  /** Accepted difference between the clocks of the issuer and the gateway. */
  readonly clockSkewSeconds: number;
  readonly claims: ClaimNames;
}

/**
 * The `typ` of an access token (RFC 9068, or `JWT` before it). An issuer signs other tokens with the same keys, such as
 * logout tokens, which must not be accepted (RFC 8725, section 3.11).
 */
const TYPE = /^(application\/)?(at\+)?jwt$/i;

/** The caller of a token, and the start of its validity, in seconds since 1970. Its end is in the caller. */
export interface VerifiedToken {
  readonly caller: Caller;
  readonly notBefore: number | undefined;
}

/**
 * Verifies a token.
 * @throws {AuthenticationError}
 */
export async function verifyJwt(
  token: string,
  keys: JWTVerifyGetKey,
  rules: JwtRules,
): Promise<VerifiedToken> {
  const { issuer, audience, algorithms, clockSkewSeconds, claims } = rules;
  try {
    const { payload, protectedHeader } = await verified(token, keys, {
      issuer,
      audience,
      algorithms: [...algorithms],
      clockTolerance: clockSkewSeconds,
      requiredClaims: ['exp', 'sub'],
    });
    const { typ = 'JWT' } = protectedHeader;
    if (!TYPE.test(typ)) throw new AuthenticationError('invalid', 'header typ');
    return { caller: callerOfClaims(payload, claims, clockSkewSeconds), notBefore: payload.nbf };
  } catch (cause) {
    if (cause instanceof AuthenticationError) throw cause;
    if (!isAboutToken(cause))
      throw new AuthenticationError('unavailable', 'the token could not be checked', { cause });
    throw new AuthenticationError('invalid', reasonOf(cause), { cause });
  }
}

/** A token without `kid` is verified with each matching key: during a key rotation there are two. */
async function verified(
  token: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keys, options);
  } catch (failure) {
    if (!(failure instanceof errors.JWKSMultipleMatchingKeys)) throw failure;
    for await (const key of failure) {
      try {
        return await jwtVerify(token, key, options);
      } catch (other) {
        if (!(other instanceof errors.JWSSignatureVerificationFailed)) throw other;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** For example `ERR_JWT_CLAIM_VALIDATION_FAILED: aud`. Without the message, whose content jose decides. */
function reasonOf(failure: errors.JOSEError): string {
  const isAboutClaim =
    failure instanceof errors.JWTClaimValidationFailed || failure instanceof errors.JWTExpired;
  return isAboutClaim ? `${failure.code}: ${failure.claim}` : failure.code;
}

/** Whether the token is invalid, in contrast to a failure to check it. */
function isAboutToken(failure: unknown): failure is errors.JOSEError {
  return (
    failure instanceof errors.JWSInvalid ||
    failure instanceof errors.JWTInvalid ||
    failure instanceof errors.JWTExpired ||
    failure instanceof errors.JWTClaimValidationFailed ||
    failure instanceof errors.JWSSignatureVerificationFailed ||
    failure instanceof errors.JOSEAlgNotAllowed ||
    failure instanceof errors.JOSENotSupported ||
    failure instanceof errors.JWKSNoMatchingKey
  );
}

/** The claims of a token that hold these values: a name, or a path of names separated by dots. */
interface ClaimNames {
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
function callerOfClaims(claims: Claims, names: ClaimNames, clockSkewSeconds: number): Caller {
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
