import { createRemoteJWKSet, customFetch, importJWK } from 'jose';
import type { FetchImplementation, JWTVerifyGetKey, JWK } from 'jose';
import { z } from 'zod';
import type { ProxiedFetch } from '../upstream/connect-through.ts';
import { ALGORITHMS } from './verify-jwt.ts';

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

/** Usual key sets have a few kilobytes. */
const MAX_BYTES = 512 * 1024;

/** Each key is validated separately by `usableKeys`. */
const keySetRules = z.object({
  keys: z.array(z.unknown()).refine((keys) => keys.length === 0 || keys.some((key) => isObject(key))),
});
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** The used members of a `Response`, of any `fetch` implementation. */
interface KeySetAnswer {
  readonly status: number;
  readonly body: (AsyncIterable<Uint8Array> & { cancel(): Promise<void> }) | null;
}

/** The key set could not be read. The message contains nothing of the response. */
export class KeySetError extends Error {
  override readonly name = 'KeySetError';
}

/**
 * The keys of a response. Any other content, such as an error page with status 200, is a failure, so that known keys stay
 * in use.
 * @throws {KeySetError} for every failure
 */
async function readKeySet(answer: Promise<KeySetAnswer>): Promise<readonly unknown[]> {
  try {
    const response = await answer;
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new KeySetError(`status ${response.status}`);
    }
    const keys = keysIn(await readText(response));
    if (keys === undefined) throw new KeySetError('the response is not a key set');
    return keys;
  } catch (cause) {
    throw cause instanceof KeySetError ? cause : new KeySetError(reasonOf(cause), { cause });
  }
}

async function readText({ body }: KeySetAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new KeySetError('the response is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function keysIn(text: string): readonly unknown[] | undefined {
  try {
    return keySetRules.safeParse(JSON.parse(text)).data?.keys;
  } catch {
    return undefined;
  }
}

/** An error of `fetch` has the network error as its cause. */
function reasonOf(failure: unknown): string {
  if (!(failure instanceof Error)) return 'unknown';
  if (failure.name === 'TimeoutError') return 'no response in time';
  const { cause } = failure;
  return cause instanceof Error && 'code' in cause ? `not reached: ${String(cause.code)}` : 'not reached';
}

/** The smallest RSA key that RFC 7518, section 3.3, allows. */
const MIN_RSA_BITS = 2_048;

const algorithm = z.enum(ALGORITHMS, 'alg is not a signature algorithm with a public key');
/** The members of a key that can make it unusable. */
const keyRules = z.looseObject(
  {
    kty: z.enum(['RSA', 'EC', 'OKP'], 'kty is not RSA, EC or OKP'),
    use: z.literal('sig', 'use is not sig').optional(),
    key_ops: z
      .array(z.string(), 'key_ops is not a list of names')
      .refine((operations) => operations.includes('verify'), 'key_ops does not contain verify')
      .optional(),
    alg: algorithm.optional(),
    d: z.undefined('it is a private key').optional(),
  },
  'it is not an object',
);

/** An ignored key of a key set. */
export interface UnusableKey {
  /** Its `kid`, or its position in the set. */
  readonly key: string;
  readonly reason: string;
}

/**
 * Splits a key set into keys that can verify tokens and others. RFC 7517, section 5, asks to ignore the others; jose would
 * instead fail for every token that one of them matches.
 */
async function usableKeys(
  keys: readonly unknown[],
): Promise<{ readonly keys: readonly unknown[]; readonly unusable: readonly UnusableKey[] }> {
  const reasons = await Promise.all(keys.map(reasonAgainst));
  return {
    keys: keys.filter((_, index) => reasons[index] === undefined),
    unusable: keys.flatMap((key, index) => {
      const reason = reasons[index];
      return reason === undefined ? [] : { key: nameOf(key, index), reason };
    }),
  };
}

/** Why a key cannot verify tokens; undefined if it can. */
async function reasonAgainst(key: unknown): Promise<string | undefined> {
  const { data, error } = keyRules.safeParse(key);
  if (data === undefined) return error.issues[0]?.message ?? 'it is not a key';
  const { kty, alg } = data;
  for (const candidate of alg === undefined ? ALGORITHMS : [alg]) {
    // jose validates every member itself.
    const imported = await importJWK(key as JWK, candidate).catch(() => undefined);
    if (imported === undefined || imported instanceof Uint8Array) continue;
    return bitsOf(imported.algorithm) < MIN_RSA_BITS ? `it has fewer than ${MIN_RSA_BITS} bits` : undefined;
  }
  return `its members do not make a public ${kty} key${alg === undefined ? '' : ` for ${alg}`}`;
}

function bitsOf(algorithm: object): number {
  return 'modulusLength' in algorithm && typeof algorithm.modulusLength === 'number'
    ? algorithm.modulusLength
    : Number.POSITIVE_INFINITY;
}

function nameOf(key: unknown, index: number): string {
  return typeof key === 'object' && key !== null && 'kid' in key && typeof key.kid === 'string'
    ? key.kid
    : `number ${index + 1}, without kid`;
}
