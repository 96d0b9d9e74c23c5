import { createHash } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import type { Random } from './random.ts';

/** Where the sandbox's identifiers come from. */
export interface Ids {
  /** A new ULID: dossiers, requests, documents, uploads and IO messages. Sorts by creation, also within one millisecond. */
  ulid(): string;
  /** A new UUID. */
  uuid(): string;
  /** The signer's UUID. The same fiscal code always has the same one, as with the service's tokenizer. */
  signer(fiscalCode: string): string;
}

export function createIds(now: () => number, random: Random): Ids {
  const next = monotonicFactory(random.next);
  return {
    ulid: () => next(now()),
    uuid: () =>
      uuidOf(Array.from({ length: 32 }, () => Math.floor(random.next() * 16).toString(16)).join(''), 4),
    // Version 8 of RFC 9562: made from a hash of our choice.
    signer: (fiscalCode) => uuidOf(createHash('sha256').update(`signer:${fiscalCode}`).digest('hex'), 8),
  };
}

/** 32 hexadecimal digits in the form of RFC 9562, with version and variant put in. */
function uuidOf(hex: string, version: 4 | 8): string {
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `${version}${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
