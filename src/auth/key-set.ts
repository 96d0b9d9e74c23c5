import { createRemoteJWKSet, customFetch } from 'jose';
import type { FetchImplementation, JWTVerifyGetKey } from 'jose';
import { KeySetError, readKeySet } from './read-key-set.ts';
import type { ProxiedFetch } from '../upstream/connect-through.ts';
import { usableKeys } from './usable-keys.ts';
import type { UnusableKey } from './usable-keys.ts';

export interface KeySetOptions {
  /** https, or http on this machine. */
  readonly url: URL;
  /** @default the `fetch` of the platform, without proxies */
  readonly fetch?: ProxiedFetch['fetch'];
  /** How long known keys are used while the issuer is unreachable, in milliseconds. */
  readonly maxStaleMs: number;
  /** How long keys are used without a refresh, at most `maxStaleMs`. @default 600 000 */
  readonly freshMs?: number;
  /** Shortest pause between two refreshes for an unknown key. @default 30 000 */
  readonly cooldownMs?: number;
  /** Deadline of one refresh. @default 5 000 */
  readonly timeoutMs?: number;
  /** Pause after a failed refresh while there are no keys; tokens are refused meanwhile. @default 5 000 */
  readonly retryMs?: number;
  /** Called for each failed refresh. */
  readonly onFailure?: (failure: KeySetError) => void;
  /** Called once for each ignored key, and again if it reappears. */
  readonly onUnusableKey?: (key: UnusableKey) => void;
}

/**
 * The keys of a token issuer. They are refreshed when they are older than `freshMs`, and when a token names an unknown key,
 * but at most once per `cooldownMs`.
 *
 * While the issuer is unreachable, known keys are used for up to `maxStaleMs`: an outage of the issuer must not lock out all
 * callers, and a revoked key must not stay valid forever for an attacker that blocks the connection to the issuer.
 */
export class KeySet {
  readonly #options: KeySetOptions;
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;
  #last: { readonly text: string; readonly at: number } | undefined;
  #lastFailure: { readonly failure: KeySetError; readonly at: number } | undefined;
  #unusable: ReadonlySet<string> = new Set();
  #version = 0;

  /** The key that the header of a token names. */
  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    // Keys that `#read` reused after a failure may have become too old meanwhile.
    if (this.#last !== undefined && !this.#isUsable) await this.#keys.reload();
    return this.#keys(header, token);
  };

  constructor(options: KeySetOptions) {
    const { url, freshMs = 600_000, cooldownMs = 30_000, timeoutMs = 5_000 } = options;
    this.#options = options;
    this.#keys = createRemoteJWKSet(url, {
      cacheMaxAge: freshMs,
      cooldownDuration: cooldownMs,
      timeoutDuration: timeoutMs,
      [customFetch]: (address, init) => this.#read(address, init),
    });
  }

  /** A number that changes with the keys; undefined when the next token must wait for them to be read. */
  get version(): number | undefined {
    return this.#isUsable && this.#keys.fresh ? this.#version : undefined;
  }

  get #isUsable(): boolean {
    return this.#last !== undefined && performance.now() - this.#last.at < this.#options.maxStaleMs;
  }

  async #read(...[address, init]: Parameters<FetchImplementation>): Promise<Response> {
    const { fetch: request = fetch, retryMs = 5_000, onFailure } = this.#options;
    const { failure: lastFailure, at = 0 } = this.#lastFailure ?? {};
    // A client must not be able to cause a call to a failing issuer with every token.
    if (!this.#isUsable && lastFailure !== undefined && performance.now() - at < retryMs) throw lastFailure;
    try {
      const { keys, unusable } = await usableKeys(await readKeySet(request(address, init)));
      const text = JSON.stringify({ keys });
      if (text !== this.#last?.text) this.#version += 1;
      this.#last = { text, at: performance.now() };
      this.#report(unusable);
    } catch (failure) {
      if (!(failure instanceof KeySetError)) throw failure;
      this.#lastFailure = { failure, at: performance.now() };
      onFailure?.(failure);
      if (!this.#isUsable) throw failure;
    }
    return new Response(this.#last?.text);
  }

  #report(unusable: readonly UnusableKey[]): void {
    const found = new Map(unusable.map((key) => [JSON.stringify(key), key]));
    for (const [text, key] of found) if (!this.#unusable.has(text)) this.#options.onUnusableKey?.(key);
    this.#unusable = new Set(found.keys());
  }
}
