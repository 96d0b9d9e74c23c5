import { createHash } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import type { Clock } from './clock.ts';

/** Where the sandbox's identifiers come from. */
export interface Ids {
  /** A new ULID: dossiers, requests, documents, uploads and IO messages. Sorts by creation, also within one millisecond. */
  ulid(): string;
  /** The signer's UUID. The same fiscal code always has the same one, as with the service's tokenizer. */
  signer(fiscalCode: string): string;
}

export function createIds(clock: Clock): Ids {
  const next = monotonicFactory();
  return {
    ulid: () => next(clock.now()),
    signer(fiscalCode) {
      const hex = createHash('sha256').update(`signer:${fiscalCode}`).digest('hex');
      // Version 8 of RFC 9562 (made from a hash of our choice), variant 10xx.
      return [
        hex.slice(0, 8),
        hex.slice(8, 12),
        `8${hex.slice(13, 16)}`,
        `a${hex.slice(17, 20)}`,
        hex.slice(20, 32),
      ].join('-');
    },
  };
}
