import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Caller } from './caller.ts';
import type { KeySet } from './key-set.ts';
import { verifyJwt } from './verify-jwt.ts';
import type { JwtRules, VerifiedToken } from './verify-jwt.ts';

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
