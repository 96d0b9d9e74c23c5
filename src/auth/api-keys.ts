import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setInterval } from 'node:timers/promises';
import { z } from 'zod';
import type { Staff } from './caller.ts';

/** The owner of each key, by the SHA-256 of the key in hex. Keys are random, so a fast hash without salt reveals nothing. */
const fileRules = z.record(
  z.string().regex(/^[\da-f]{64}$/, 'must be the SHA-256 of a key: 64 lower-case hex digits'),
  z.strictObject({
    name: z.string().min(1, 'must not be empty'),
    // No citizens: a key does not identify a person.
    role: z.enum(['operator', 'reader'], 'must be operator or reader'),
    tenant: z.string().min(1, 'must not be empty').optional(),
  }),
);

interface Entry {
  readonly hash: Buffer;
  readonly owner: Staff;
}

/** The file is invalid. The message names the position, never the content. */
export class ApiKeysError extends Error {
  override readonly name = 'ApiKeysError';
}

/** @throws {ApiKeysError} */
export function readApiKeys(file: string): readonly Entry[] {
  return entriesIn(textOf(file));
}

/** Undefined for an unreadable file. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function entriesIn(text: string | undefined): readonly Entry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text ?? '');
  } catch {
    throw new ApiKeysError('must be a readable JSON file');
  }
  const { data, error } = fileRules.safeParse(parsed);
  if (data === undefined) {
    const mistakes = error.issues.map(({ code, path, message }) => {
      const [hash = '', ...rest] = path.map(String);
      const entry = Object.keys(parsed ?? {}).indexOf(hash) + 1;
      const mistake = code === 'invalid_key' ? 'its name must be the SHA-256 of a key in hex' : message;
      return entry === 0 ? mistake : `entry ${[entry, ...rest].join('.')}: ${mistake}`;
    });
    throw new ApiKeysError(`invalid file: ${mistakes.join('; ')}`);
  }
  return Object.entries(data).map(([hash, { name, role, tenant }]) => ({
    hash: Buffer.from(hash, 'hex'),
    owner: { kind: 'api-key', subject: name, role, tenant, expiresAt: undefined },
  }));
}

export interface ApiKeysOptions {
  readonly file: string;
  /** How often the file is read. @default 1 000 */
  readonly pollMs?: number;
  /** Called after each reload. With a failure the file is invalid, and the previous keys stay in use. */
  readonly onReload: (failure?: ApiKeysError) => void;
}

/** The API keys of callers, from a file that may change while the gateway runs. */
export class ApiKeys {
  readonly #options: ApiKeysOptions;
  readonly #stopped = new AbortController();
  #text: string | undefined;
  #entries: readonly Entry[];

  /** @throws {ApiKeysError} */
  constructor(options: ApiKeysOptions) {
    this.#options = options;
    this.#text = textOf(options.file);
    this.#entries = entriesIn(this.#text);
    this.#watch().catch((failure: unknown) => {
      if (!this.#stopped.signal.aborted) throw failure;
    });
  }

  /** The owner of a key. Takes the same time for every unknown key, independent of its similarity to a known one. */
  ownerOf(key: string): Staff | undefined {
    const hash = createHash('sha256').update(key).digest();
    let owner: Staff | undefined;
    // Every entry is compared, even after a match.
    for (const entry of this.#entries) if (timingSafeEqual(entry.hash, hash)) owner = entry.owner;
    return owner;
  }

  close(): void {
    this.#stopped.abort();
  }

  /** Reads the whole file each time: some file systems report no changes, or with timestamps that are too coarse. */
  async #watch(): Promise<void> {
    const { file, pollMs = 1_000, onReload } = this.#options;
    let lastInvalid: { readonly text: string | undefined } | undefined;
    for await (const _ of setInterval(pollMs, undefined, { ref: false, signal: this.#stopped.signal })) {
      const text = await readFile(file, 'utf8').catch(() => undefined);
      if (text === this.#text) continue;
      try {
        this.#entries = entriesIn(text);
        this.#text = text;
        onReload();
      } catch (failure) {
        if (!(failure instanceof ApiKeysError)) throw failure;
        // The file may be half written, so a failure is reported only if the next read finds the same text.
        if (lastInvalid !== undefined && lastInvalid.text === text) {
          this.#text = text;
          onReload(failure);
        }
        lastInvalid = { text };
      }
    }
  }
}
