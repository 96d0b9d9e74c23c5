import { createHash } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import type { Random } from './random.ts';

/** Generates the identifiers of a sandbox. */
export class Ids {
  readonly #now: () => number;
  readonly #random: Random;
  readonly #nextUlid: (time: number) => string;

  constructor(now: () => number, random: Random) {
    this.#now = now;
    this.#random = random;
    this.#nextUlid = monotonicFactory(() => random.next());
  }

  /** A new ULID for a dossier, request, document, upload or IO message. ULIDs sort by creation, also within a millisecond. */
  ulid(): string {
    return this.#nextUlid(this.#now());
  }

  /** A new UUID. */
  uuid(): string {
    const digit = (): string => Math.floor(this.#random.next() * 16).toString(16);
    return uuidOf(Array.from({ length: 32 }, digit).join(''), 4);
  }

  /** The UUID of a signer. It is always the same for a fiscal code, as with the tokenizer of the service. */
  signer(fiscalCode: string): string {
    // RFC 9562, version 8: derived from a custom hash.
    return uuidOf(createHash('sha256').update(`signer:${fiscalCode}`).digest('hex'), 8);
  }
}

/** Formats 32 hexadecimal digits as a UUID (RFC 9562), with version and variant. */
function uuidOf(hex: string, version: 4 | 8): string {
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `${version}${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
