import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { blobPath } from './containers.ts';

/** What an address lets its bearer do, in Azure's letters, and for how long. */
interface Grant {
  readonly permissions: string;
  readonly lifetimeMs: number;
}

/** Read, add, create and write; no delete. */
const UPLOAD: Grant = { permissions: 'racw', lifetimeMs: 15 * 60 * 1_000 };
const DOWNLOAD: Grant = { permissions: 'r', lifetimeMs: 5 * 60 * 1_000 };
const SIGNED_MEMBERS = ['sv', 'spr', 'st', 'se', 'sr', 'sp', 'rsct'] as const;

/** Gives out and checks signed addresses (shared access signatures) of one blob each. */
export interface UrlSigner {
  /** Path and query of an address where the blob may be written and read, not deleted, for 15 minutes. */
  sign(container: string, blob: string, now: number): string;
  /** The same for reading only, for 5 minutes. */
  signDownload(container: string, blob: string, now: number): string;
  verify(container: string, blob: string, query: URLSearchParams, now: number): SasVerdict;
}

export type SasVerdict =
  | { readonly ok: true; readonly permissions: string }
  /** No signature at all. */
  | { readonly ok: false; readonly anonymous: true }
  /** Expired, not yet valid or altered; `detail` is what Azure tells the caller. */
  | { readonly ok: false; readonly anonymous: false; readonly detail: string };

/**
 * A signer with a key of its own: what one sandbox signs, another refuses.
 * @param seed makes the key, so that signatures repeat; by chance without
 */
export function createUrlSigner(seed?: number): UrlSigner {
  const key = seed === undefined ? randomBytes(32) : Buffer.from(`seed ${seed}`);
  const signature = (container: string, blob: string, query: URLSearchParams) =>
    createHmac('sha256', key)
      .update(stringToSign(container, blob, query))
      .digest('base64');

  function address(container: string, blob: string, now: number, grant: Grant): string {
    // Whole seconds, starting with the current one: the caller's clock does not matter.
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
    query.set('sig', signature(container, blob, query));
    return `${blobPath(container, blob)}?${query}`;
  }

  return {
    sign: (container, blob, now) => address(container, blob, now, UPLOAD),
    signDownload: (container, blob, now) => address(container, blob, now, DOWNLOAD),
    verify(container, blob, query, now) {
      const given = query.get('sig');
      if (given === null) return { ok: false, anonymous: true };
      const start = Date.parse(query.get('st') ?? '');
      const expiry = Date.parse(query.get('se') ?? '');
      if (!(now >= start && now < expiry)) {
        const detail = `Signature not valid in the specified time frame: Start [${httpDate(start)}] - Expiry [${httpDate(expiry)}] - Current [${httpDate(now)}]`;
        return { ok: false, anonymous: false, detail };
      }
      if (!sameText(given, signature(container, blob, query))) {
        const detail = `Signature did not match. String to sign used was ${stringToSign(container, blob, query)}`;
        return { ok: false, anonymous: false, detail };
      }
      return { ok: true, permissions: query.get('sp') ?? '' };
    },
  };
}

function stringToSign(container: string, blob: string, query: URLSearchParams): string {
  return [`/blob${blobPath(container, blob)}`, ...SIGNED_MEMBERS.map((name) => query.get(name) ?? '')].join(
    '\n',
  );
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function seconds(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

function httpDate(time: number): string {
  return Number.isNaN(time) ? '' : new Date(time).toUTCString();
}
