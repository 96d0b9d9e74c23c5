import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { fetchThrough } from '../upstream/connect-through.ts';
import type { ProxyFor } from '../upstream/connect-through.ts';
import { ApiKeys } from './api-keys.ts';
import type { ApiKeysError } from './api-keys.ts';
import { AuthenticationError, UNAUTHENTICATED_CALLER } from './caller.ts';
import type { Caller } from './caller.ts';
import type { RequestHeaders } from './headers.ts';
import { KeySet } from './key-set.ts';
import type { KeySetOptions, KeySetError, UnusableKey } from './key-set.ts';
import { verifyJwt } from './verify-jwt.ts';
import type { JwtRules, VerifiedToken } from './verify-jwt.ts';

/** How callers authenticate. */
export type AuthenticationOptions =
  | { readonly mode: 'none' }
  | { readonly mode: 'jwt'; readonly keySet: KeySetOptions; readonly rules: JwtRules }
  | { readonly mode: 'api-key'; readonly file: string; readonly pollMs?: number };

export interface AuthenticationEvents {
  /** The keys of the token issuer could not be read. */
  readonly onKeySetFailure: (failure: KeySetError) => void;
  /** The token issuer publishes a key that cannot verify tokens. */
  readonly onUnusableKey: (key: UnusableKey) => void;
  /** The file of API keys has changed. With a failure it is invalid, and the previous keys stay in use. */
  readonly onApiKeysReload: (failure?: ApiKeysError) => void;
}

export interface Authentication {
  /** The caller of a request with these headers. @throws {AuthenticationError} */
  authenticate(headers: RequestHeaders): Promise<Caller>;
  close(): void | Promise<void>;
}

/** @throws {ApiKeysError} */
export function createAuthentication(
  options: AuthenticationOptions,
  events: AuthenticationEvents,
  proxyFor: ProxyFor,
): Authentication {
  switch (options.mode) {
    case 'none':
      return { authenticate: () => Promise.resolve(UNAUTHENTICATED_CALLER), close() {} };
    case 'jwt': {
      const { onKeySetFailure: onFailure, onUnusableKey } = events;
      const { fetch, close } = fetchThrough(proxyFor);
      const keys = new KeySet({ fetch, ...options.keySet, onFailure, onUnusableKey });
      const verifier = new TokenVerifier(keys, options.rules);
      return { authenticate: async (headers) => verifier.callerOf(bearerToken(headers)), close };
    }
    case 'api-key': {
      const keys = new ApiKeys({ ...options, onReload: events.onApiKeysReload });
      return {
        async authenticate(headers) {
          const owner = keys.ownerOf(apiKey(headers));
          if (owner === undefined) throw new AuthenticationError('invalid', 'unknown key');
          return owner;
        },
        close: () => keys.close(),
      };
    }
  }
}

/** RFC 6750, section 2.1, with any number of spaces. */
const BEARER = /^bearer +([\w.~+/=-]+) *$/i;

/**
 * The token of `Authorization: Bearer …`. Another scheme counts as a missing token (RFC 6750, section 3.1). The length has
 * no limit of its own, because the server limits headers.
 * @throws {AuthenticationError} also for two tokens, which Node joins with a comma
 */
function bearerToken(headers: RequestHeaders): string {
  const header = headers.get('authorization');
  if (header === null) throw new AuthenticationError('missing', 'no Authorization header');
  if (!/^bearer(\s|$)/i.test(header))
    throw new AuthenticationError('missing', 'the scheme of Authorization is not Bearer');
  const token = BEARER.exec(header)?.[1];
  if (token === undefined)
    throw new AuthenticationError('invalid', 'Authorization does not have the form Bearer <token>');
  return token;
}

/**
 * The key of `x-api-key`, or else of `Authorization: Bearer …`.
 * @throws {AuthenticationError}
 */
function apiKey(headers: RequestHeaders): string {
  const key = headers.get('x-api-key');
  if (key === null) return bearerToken(headers);
  if (key === '') throw new AuthenticationError('invalid', 'x-api-key is empty');
  return key;
}

/** About 1 KiB each. More callers than that are verified again. */
const MAX_TOKENS = 10_000;

interface RememberedToken extends VerifiedToken {
  readonly keysVersion: number;
}

/**
 * Verifies tokens, and remembers those that are valid: a signature costs more than the rest of a small query. A remembered
 * token is verified again when it is not within its time, and when the keys have changed or must be read again. Tokens are
 * known by their digest only.
 */
export class TokenVerifier {
  readonly #keys: Pick<KeySet, 'keyOf' | 'version'>;
  readonly #rules: JwtRules;
  readonly #known = new LRUCache<string, RememberedToken>({ max: MAX_TOKENS });

  constructor(keys: Pick<KeySet, 'keyOf' | 'version'>, rules: JwtRules) {
    this.#keys = keys;
    this.#rules = rules;
  }

  /** The caller of a token. @throws {AuthenticationError} */
  callerOf(token: string): Promise<Caller> | Caller {
    const digest = hash('sha256', token, 'base64url');
    const known = this.#known.get(digest);
    if (known !== undefined && known.keysVersion === this.#keys.version && this.#isInTime(known))
      return known.caller;
    this.#known.delete(digest);
    return this.#verify(token, digest);
  }

  async #verify(token: string, digest: string): Promise<Caller> {
    const keysVersion = this.#keys.version;
    const verified = await verifyJwt(token, this.#keys.keyOf, this.#rules);
    // Keys that were read meanwhile may not be those that verified it.
    if (keysVersion !== undefined && keysVersion === this.#keys.version)
      this.#known.set(digest, { ...verified, keysVersion });
    return verified.caller;
  }

  #isInTime({ caller, notBefore = 0 }: VerifiedToken): boolean {
    const now = Date.now();
    const expiresAt = caller.kind === 'none' ? undefined : caller.expiresAt;
    if (expiresAt !== undefined && now >= expiresAt.getTime()) return false;
    return Math.floor(now / 1000) + this.#rules.clockSkewSeconds >= notBefore;
  }
}
