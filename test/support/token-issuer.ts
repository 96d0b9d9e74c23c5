import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';
import type { AuthenticationOptions } from '../../src/auth/authenticate.ts';
import type { KeySetOptions } from '../../src/auth/key-set.ts';
import type { JwtRules } from '../../src/auth/verify-jwt.ts';
import { sendJson, startHttpStub } from './http-stub.ts';
import type { StubHandler } from './http-stub.ts';

export const ISSUER = 'https://login.comune.example.it';
export const AUDIENCE = 'sigillo';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** The published JWK. */
  readonly jwk: JWK;
}

/** An ES256 key takes a millisecond to generate, an RS256 key a good part of a second. */
export async function makeKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return { kid, alg, privateKey, publicKey, jwk };
}

export interface TokenOptions {
  readonly key?: SigningKey;
  /** Added to the header; undefined removes a member. */
  readonly header?: Readonly<Record<string, unknown>>;
}

/** Seconds since the epoch, relative to now. */
export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** Valid claims with these changes; undefined removes a claim. */
export function claimsOf(changes: Readonly<Record<string, unknown>>): JWTPayload {
  return { iss: ISSUER, aud: AUDIENCE, sub: 'a-subject', exp: inSeconds(300), role: 'operator', ...changes };
}

export async function sign(
  claims: Readonly<Record<string, unknown>>,
  { key, header = {} }: { readonly key: SigningKey; readonly header?: TokenOptions['header'] },
): Promise<string> {
  const protectedHeader = { alg: key.alg, kid: key.kid, typ: 'JWT', ...header };
  return new SignJWT(claimsOf(claims)).setProtectedHeader(protectedHeader).sign(key.privateKey);
}

/** A token issuer, and a server that publishes its keys. It stops with the test. */
export async function startTokenIssuer(firstKey?: SigningKey) {
  const first = firstKey ?? (await makeKey('first'));
  let published: readonly JWK[] = [first.jwk];
  let handler: StubHandler | undefined;
  const stub = await startHttpStub((call, res, req, nth) =>
    handler === undefined ? sendJson(res, 200, { keys: published }) : handler(call, res, req, nth),
  );
  return {
    first,
    url: new URL(`${stub.origin}/keys`),
    /** Times of the requests for the keys. */
    readings: () => stub.calls.length,
    publish(...keys: readonly SigningKey[]): void {
      published = keys.map(({ jwk }) => jwk);
    },
    /** Sets the response of the key server; without a handler it is the keys again. */
    misbehave(how?: StubHandler): void {
      handler = how;
    },
    stop: stub.stop,
    sign: (claims: Readonly<Record<string, unknown>>, { key = first, header = {} }: TokenOptions = {}) =>
      sign(claims, { key, header }),
  };
}

export const RULES: JwtRules = {
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ['RS256', 'ES256'],
  clockSkewSeconds: 30,
  claims: { role: 'role', tenant: 'tenant', fiscalCode: 'fiscal_code' },
};

export function jwtOptions(
  url: URL,
  { rules, keySet }: { readonly rules?: Partial<JwtRules>; readonly keySet?: Partial<KeySetOptions> } = {},
): AuthenticationOptions {
  return {
    mode: 'jwt',
    keySet: { url, maxStaleMs: 3_600_000, ...keySet },
    rules: { ...RULES, ...rules },
  };
}
