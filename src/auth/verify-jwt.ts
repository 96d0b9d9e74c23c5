import { errors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey, JWTVerifyOptions, JWTVerifyResult } from 'jose';
import type { Caller } from './caller.ts';
import { callerOfClaims } from './claims.ts';
import type { ClaimNames } from './claims.ts';
import { AuthenticationError } from './auth-errors.ts';

/** Signatures by a private key. With the others (HS256) whoever can check a token can make one. */
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
  /** `iss` of every token. */
  readonly issuer: string;
  /** One of the `aud` of every token. */
  readonly audience: string;
  /** Pinned: what a token says about itself decides nothing. */
  readonly algorithms: readonly string[];
  /** By how much the issuer's clock may differ from ours. */
  readonly clockSkewSeconds: number;
  readonly claims: ClaimNames;
}

/**
 * What tokens for a server call themselves (RFC 9068 and what was before it). The same issuer signs others with the same
 * keys, such as proofs and notices of a logout, which must not pass for them: RFC 8725, section 3.11.
 */
const TYPE = /^(application\/)?(at\+)?jwt$/i;

/**
 * The caller that a token speaks of.
 * @throws {AuthenticationError}
 */
export async function verifyJwt(token: string, keys: JWTVerifyGetKey, rules: JwtRules): Promise<Caller> {
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
    return callerOfClaims(payload, claims, clockSkewSeconds);
  } catch (cause) {
    if (cause instanceof AuthenticationError) throw cause;
    if (!isAboutToken(cause))
      throw new AuthenticationError('unavailable', 'the token could not be checked', { cause });
    throw new AuthenticationError('invalid', reasonOf(cause), { cause });
  }
}

/** A token that does not name its key is tried with each that it can be: while keys change there are two. */
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

/** `ERR_JWT_CLAIM_VALIDATION_FAILED: aud`. Messages are left out: what is in them is for jose to say. */
function reasonOf(failure: errors.JOSEError): string {
  const isAboutClaim =
    failure instanceof errors.JWTClaimValidationFailed || failure instanceof errors.JWTExpired;
  return isAboutClaim ? `${failure.code}: ${failure.claim}` : failure.code;
}

/** All that jose finds wrong with a token, as opposed to what keeps it from looking. */
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
