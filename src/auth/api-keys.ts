import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setInterval } from 'node:timers/promises';
import { z } from 'zod';
import type { Staff } from './caller.ts';

/** SHA-256 of a key in hex → who it belongs to. Keys are random, so a fast hash without salt gives nothing away. */
const fileRules = z.record(
  z.string().regex(/^[\da-f]{64}$/, 'must be the SHA-256 of a key: 64 digits, in lower case'),
  z.strictObject({
    name: z.string().min(1, 'must not be empty'),
    // A key is nobody's identity card: there are none for citizens.
    role: z.enum(['operator', 'reader'], 'must be operator or reader'),
    tenant: z.string().min(1, 'must not be empty').optional(),
  }),
);

interface Entry {
  readonly hash: Buffer;
  readonly owner: Staff;
}

/** The file cannot be used. The message says where and never what is there. */
export class ApiKeysError extends Error {
  override readonly name = 'ApiKeysError';
}

/** @throws {ApiKeysError} */
export function readApiKeys(file: string): readonly Entry[] {
  return entriesIn(textOf(file));
}

/** Undefined for a file that cannot be read. */
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
    throw new ApiKeysError('must be a file with JSON that can be read');
  }
  const { data, error } = fileRules.safeParse(parsed);
  if (data === undefined) {
    const places = error.issues.map(({ code, path, message }) => {
      const [hash = '', ...rest] = path.map(String);
      const entry = Object.keys(parsed ?? {}).indexOf(hash) + 1;
      const words = code === 'invalid_key' ? 'its name must be the SHA-256 of a key in hex' : message;
      return entry === 0 ? words : `entry ${[entry, ...rest].join('.')}: ${words}`;
    });
    throw new ApiKeysError(`the file cannot be used: ${places.join('; ')}`);
  }
  return Object.entries(data).map(([hash, { name, role, tenant }]) => ({
    hash: Buffer.from(hash, 'hex'),
    owner: { kind: 'api-key', subject: name, role, tenant, expiresAt: undefined },
  }));
}

export interface ApiKeysOptions {
  readonly file: string;
  /** How often the file is looked at. @default 1 000 */
  readonly pollMs?: number;
  /** Hears of a file that was read again, or that cannot be used: then the keys stay as they were. */
  readonly onReload: (failure?: ApiKeysError) => void;
}

/** Keys of callers, from a file that may change while the gateway runs. */
export interface ApiKeys {
  /** Whose key it is. Takes as long for every key that is not known, however much of it is right. */
  ownerOf(key: string): Staff | undefined;
  close(): void;
}

/** @throws {ApiKeysError} */
export function openApiKeys({ file, pollMs = 1_000, onReload }: ApiKeysOptions): ApiKeys {
  let text = textOf(file);
  let entries = entriesIn(text);
  const stopped = new AbortController();

  /** Reads the whole of it each time: not every file system tells of changes, or dates them finely enough. */
  async function watch(): Promise<void> {
    let doubtful: { readonly text: string | undefined } | undefined;
    for await (const _ of setInterval(pollMs, undefined, { ref: false, signal: stopped.signal })) {
      const now = await readFile(file, 'utf8').catch(() => undefined);
      if (now === text) continue;
      try {
        entries = entriesIn(now);
        text = now;
        onReload();
      } catch (failure) {
        if (!(failure instanceof ApiKeysError)) throw failure;
        // Somebody may be writing it just now, so it is told when the next look finds the same.
        if (doubtful !== undefined && doubtful.text === now) {
          text = now;
          onReload(failure);
        }
        doubtful = { text: now };
      }
    }
  }
  watch().catch((failure: unknown) => {
    if (!stopped.signal.aborted) throw failure;
  });

  return {
    ownerOf(key) {
      const hash = createHash('sha256').update(key).digest();
      let owner: Staff | undefined;
      // To the end, also when it is found.
      for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) owner = entry.owner;
      return owner;
    },
    close: () => stopped.abort(),
  };
}
