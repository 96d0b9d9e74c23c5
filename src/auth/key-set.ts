import { createRemoteJWKSet, customFetch } from 'jose';
import type { FetchImplementation, JWTVerifyGetKey } from 'jose';
import { KeySetError, readKeySet } from './read-key-set.ts';
import { usableKeys } from './usable-keys.ts';
import type { UnusableKey } from './usable-keys.ts';

export interface KeySetOptions {
  /** https, or http on this machine. */
  readonly url: URL;
  /** How long keys are used that could not be read again, in milliseconds. */
  readonly maxStaleMs: number;
  /** How long keys are used without being read again, if that is less than `maxStaleMs`. @default 600 000 */
  readonly freshMs?: number;
  /** Pause between two readings for the sake of a key that is not there. @default 30 000 */
  readonly cooldownMs?: number;
  /** Deadline of one reading. @default 5 000 */
  readonly timeoutMs?: number;
  /** Pause after a reading that failed, while there are no keys to use: till then nobody waits for one. @default 5 000 */
  readonly retryMs?: number;
  /** Hears of each reading that failed. */
  readonly onFailure?: (failure: KeySetError) => void;
  /** Called once for each key that is ignored, and again when it has been away. */
  readonly onUnusableKey?: (key: UnusableKey) => void;
}

/**
 * The keys of an issuer of tokens. They are read again when they are no longer fresh, and when a token names a key that
 * is not among them, though not for each of many such tokens.
 *
 * While the issuer cannot be reached, keys that were read before go on being used, for `maxStaleMs` after the last good
 * reading at most: an issuer that is down for a night must not lock everybody out, and one whose key was stolen and
 * revoked must not be believed for ever by somebody who keeps us from hearing of it.
 */
export function createKeySet(options: KeySetOptions): JWTVerifyGetKey {
  const { url, maxStaleMs, freshMs = 600_000, cooldownMs = 30_000 } = options;
  const { timeoutMs = 5_000, retryMs = 5_000, onFailure, onUnusableKey } = options;
  let last: { readonly text: string; readonly at: number } | undefined;
  let reported: ReadonlySet<string> = new Set();
  let lastFailure: { readonly failure: KeySetError; readonly at: number } | undefined;
  const isUsable = (): boolean => last !== undefined && performance.now() - last.at < maxStaleMs;

  const read: FetchImplementation = async (...[address, init]) => {
    // Whoever sends tokens must not be able to make us ask an issuer in trouble again and again.
    if (!isUsable() && lastFailure !== undefined && performance.now() - lastFailure.at < retryMs)
      throw lastFailure.failure;
    try {
      const { keys, unusable } = await usableKeys(await readKeySet(fetch(address, init)));
      last = { text: JSON.stringify({ keys }), at: performance.now() };
      const found = new Map(unusable.map((key) => [JSON.stringify(key), key]));
      for (const [text, key] of found) if (!reported.has(text)) onUnusableKey?.(key);
      reported = new Set(found.keys());
    } catch (failure) {
      if (!(failure instanceof KeySetError)) throw failure;
      lastFailure = { failure, at: performance.now() };
      onFailure?.(failure);
      if (!isUsable()) throw failure;
    }
    return new Response(last?.text);
  };

  const keys = createRemoteJWKSet(url, {
    cacheMaxAge: freshMs,
    cooldownDuration: cooldownMs,
    timeoutDuration: timeoutMs,
    [customFetch]: read,
  });
  return async (header, token) => {
    // What `read` handed out again may have become too old since.
    if (last !== undefined && !isUsable()) await keys.reload();
    return keys(header, token);
  };
}
