import { errors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey } from 'jose';
import type { Caller } from './caller.ts';
import { callerOfClaims } from './claims.ts';
import type { ClaimNames } from './claims.ts';
import { AuthenticationError } from './errors.ts';

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
 * The caller that a token speaks of.
 * @throws {AuthenticationError}
 */
export async function verifyJwt(token: string, keys: JWTVerifyGetKey, rules: JwtRules): Promise<Caller> {
  const { issuer, audience, algorithms, clockSkewSeconds, claims } = rules;
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: [...algorithms],
      clockTolerance: clockSkewSeconds,
      requiredClaims: ['exp', 'sub'],
    });
    return callerOfClaims(payload, claims, clockSkewSeconds);
  } catch (cause) {
    if (cause instanceof AuthenticationError) throw cause;
    throw new AuthenticationError(isAboutToken(cause) ? 'invalid' : 'unavailable', { cause });
  }
}

/** All that jose finds wrong with a token, as opposed to what keeps it from looking. */
function isAboutToken(failure: unknown): boolean {
  return (
    failure instanceof errors.JWSInvalid ||
    failure instanceof errors.JWTInvalid ||
    failure instanceof errors.JWTExpired ||
    failure instanceof errors.JWTClaimValidationFailed ||
    failure instanceof errors.JWSSignatureVerificationFailed ||
    failure instanceof errors.JOSEAlgNotAllowed ||
    failure instanceof errors.JOSENotSupported ||
    failure instanceof errors.JWKSNoMatchingKey ||
    failure instanceof errors.JWKSMultipleMatchingKeys
  );
}
