import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { blobPath } from './containers.ts';

/** The permissions of a pre-signed URL, in Azure's letters, and its lifetime. */
interface Grant {
  readonly permissions: string;
  readonly lifetimeMs: number;
}

/** Read, add, create and write; no delete. */
const UPLOAD: Grant = { permissions: 'racw', lifetimeMs: 15 * 60 * 1_000 };
const DOWNLOAD: Grant = { permissions: 'r', lifetimeMs: 5 * 60 * 1_000 };
const SIGNED_PARAMETERS = ['sv', 'spr', 'st', 'se', 'sr', 'sp', 'rsct'] as const;

export type SasVerdict =
  | { readonly ok: true; readonly permissions: string }
  /** The request has no signature. */
  | { readonly ok: false; readonly anonymous: true }
  /** Expired, not yet valid or altered. `detail` is the text of Azure. */
  | { readonly ok: false; readonly anonymous: false; readonly detail: string };

/**
 * Creates and verifies pre-signed URLs (shared access signatures) for one blob each. Each sandbox has its own key, so a
 * URL of one is invalid in another.
 */
export class UrlSigner {
  readonly #key: Buffer;

  /** @param seed derives the key, so that signatures are reproducible; without it the key is random */
  constructor(seed?: number) {
    this.#key = seed === undefined ? randomBytes(32) : Buffer.from(`seed ${seed}`);
  }

  /** Path and query of a URL that allows writing and reading, but not deleting, for 15 minutes. */
  sign(container: string, blob: string, now: number): string {
    return this.#presignedPath(container, blob, now, UPLOAD);
  }

  /** Path and query of a URL that allows reading for 5 minutes. */
  signDownload(container: string, blob: string, now: number): string {
    return this.#presignedPath(container, blob, now, DOWNLOAD);
  }

  verify(container: string, blob: string, query: URLSearchParams, now: number): SasVerdict {
    const given = query.get('sig');
    if (given === null) return { ok: false, anonymous: true };
    const start = Date.parse(query.get('st') ?? '');
    const expiry = Date.parse(query.get('se') ?? '');
    if (!(now >= start && now < expiry)) {
      const detail = `Signature not valid in the specified time frame: Start [${httpDate(start)}] - Expiry [${httpDate(expiry)}] - Current [${httpDate(now)}]`;
      return { ok: false, anonymous: false, detail };
    }
    if (!isSameText(given, this.#signature(container, blob, query))) {
      const detail = `Signature did not match. String to sign used was ${stringToSign(container, blob, query)}`;
      return { ok: false, anonymous: false, detail };
    }
    return { ok: true, permissions: query.get('sp') ?? '' };
  }

  #presignedPath(container: string, blob: string, now: number, grant: Grant): string {
    // Whole seconds from the current one, independent of the clock of the client.
    const start = Math.floor(now / 1_000) * 1_000;
    const query = new URLSearchParams([
      ['sv', '2026-06-06'],
      ['spr', 'https,http'],
      ['st', seconds(start)],
      ['se', seconds(start + grant.lifetimeMs)],
      ['sr', 'b'],
      ['sp', grant.permissions],
      ['rsct', 'application/pdf'],
    ]);
    query.set('sig', this.#signature(container, blob, query));
    return `${blobPath(container, blob)}?${query}`;
  }

  #signature(container: string, blob: string, query: URLSearchParams): string {
    return createHmac('sha256', this.#key)
      .update(stringToSign(container, blob, query))
      .digest('base64');
  }
}

function stringToSign(container: string, blob: string, query: URLSearchParams): string {
  return [
    `/blob${blobPath(container, blob)}`,
    ...SIGNED_PARAMETERS.map((name) => query.get(name) ?? ''),
  ].join('\n');
}

function isSameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function seconds(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

function httpDate(time: number): string {
  return Number.isNaN(time) ? '' : new Date(time).toUTCString();
}
