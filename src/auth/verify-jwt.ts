import { errors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey, JWTVerifyOptions, JWTVerifyResult } from 'jose';
import type { Caller } from './caller.ts';
import { callerOfClaims } from './claims.ts';
import type { ClaimNames } from './claims.ts';
import { AuthenticationError } from './auth-errors.ts';

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
