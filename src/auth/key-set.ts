import { createRemoteJWKSet, customFetch } from 'jose';
import type { FetchImplementation, JWTVerifyGetKey } from 'jose';

export interface KeySetOptions {
  /** https, or http on this machine. */
  readonly url: URL;
  /** How long keys are used that could not be read again, in milliseconds. */
  readonly maxStaleMs: number;
  /** How long keys are used without being read again. @default 10 minutes, and never more than `maxStaleMs` */
  readonly freshMs?: number;
  /** Pause between two readings for the sake of a key that is not there. @default 30 000 */
  readonly cooldownMs?: number;
  /** Deadline of one reading. @default 5 000 */
  readonly timeoutMs?: number;
  /** Hears of each reading that failed. */
  readonly onFailure?: (failure: unknown) => void;
}

/** Sets of keys are a few kilobytes. */
const MAX_BYTES = 512 * 1024;

/**
 * The keys of an issuer of tokens. They are read again when they are no longer fresh, and when a token names a key that
 * is not among them, though not for each of many such tokens.
 *
 * While the issuer cannot be reached, keys that were read before go on being used, for `maxStaleMs` after the last good
 * reading at most: an issuer that is down for a night must not lock everybody out, and one whose key was stolen and
 * revoked must not be believed for ever by somebody who keeps us from hearing of it.
 */
export function createKeySet(options: KeySetOptions): JWTVerifyGetKey {
  const { url, maxStaleMs, cooldownMs = 30_000, timeoutMs = 5_000, onFailure } = options;
  const freshMs = Math.min(options.freshMs ?? 600_000, maxStaleMs);
  let last: { readonly text: string; readonly at: number } | undefined;
  const isUsable = (): boolean => last !== undefined && performance.now() - last.at < maxStaleMs;

  const read: FetchImplementation = async (...[address, init]) => {
    try {
      const response = await fetch(address, init);
      if (response.status !== 200) throw new TypeError(`the key set was answered with ${response.status}`);
      const text = await readText(response);
      checkKeySet(text);
      last = { text, at: performance.now() };
    } catch (failure) {
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

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new TypeError('the key set is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** An issuer that is broken may answer 200 all the same, and its error page is no reason to forget the keys. */
function checkKeySet(text: string): void {
  const body: unknown = JSON.parse(text);
  const isKeySet = typeof body === 'object' && body !== null && 'keys' in body && Array.isArray(body.keys);
  if (!isKeySet) throw new TypeError('the answer is no key set');
}
