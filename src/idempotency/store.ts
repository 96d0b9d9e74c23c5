/**
 * Where idempotency keys are kept. A record has a name and a fingerprint of the input. Whoever claims one that is free
 * holds it by a token until they say how it ended; writes with another token do nothing, so somebody who was thought dead
 * and comes back late overwrites nothing. Each method is atomic. Times are those of the store's own clock.
 */
export interface IdempotencyStore {
  /** Records outlive this process, and other gateways may hold them. */
  readonly isShared: boolean;
  claim(name: string, claim: Claim): Promise<Claimed>;
  /** Says that the holder is alive. @returns false when the record is no longer theirs; so do those below. */
  renew(name: string, token: string): Promise<boolean>;
  /** Keeps what has been done so far, in place of what was kept before. Nothing is in doubt then. */
  save(name: string, token: string, progress: string): Promise<boolean>;
  /** Keeps the result. It is given to everybody who asks with the same fingerprint from now on. */
  complete(name: string, token: string, result: string): Promise<boolean>;
  /** Lets go of the record, with what was saved, for the next one to go on. */
  suspend(name: string, token: string, leftover: Leftover): Promise<boolean>;
  /** Forgets the record: nothing has been done. */
  free(name: string, token: string): Promise<boolean>;
  /** Notes that something with this id was made under this name, unless it is somebody else's. @returns whether it is */
  own(id: string, name: string): Promise<boolean>;
  ownerOf(id: string): Promise<string | undefined>;
}

export interface Claim {
  readonly fingerprint: string;
  readonly token: string;
}

/**
 * What a claim finds.
 *
 * - `first`: nothing; the record is yours.
 * - `resumed`: somebody has begun and not ended, or has vanished; the record is yours.
 * - `done`: it has a result.
 * - `busy`: somebody holds it who was alive a moment ago.
 * - `conflict`: it is about another input.
 */
export type Claimed =
  | { readonly kind: 'first' }
  | ({ readonly kind: 'resumed' } & Unfinished)
  | { readonly kind: 'done'; readonly result: string }
  | { readonly kind: 'busy' }
  | { readonly kind: 'conflict' };

export interface Unfinished {
  /** As it was saved last. */
  readonly progress: string | undefined;
  /** When it was claimed first, by whatever clock the store goes by, in milliseconds since 1970. */
  readonly startedAt: number;
  /** For how long that was ago, in milliseconds, however clocks were set meanwhile. */
  readonly ageMs: number;
  /**
   * Something may have been sent of which nobody knows whether it was carried out: for how long nobody has been waiting
   * for it, in milliseconds. Undefined: nothing is in doubt.
   */
  readonly doubtMs: number | undefined;
}

/**
 * What a holder who lets go knows of what they sent. `kept`: as before, nothing was sent this time. `none`: all is
 * known. A number: something was sent, and so many milliseconds ago nobody was waiting for it any longer.
 */
export type Leftover = 'kept' | 'none' | number;

export interface StoreOptions {
  /** How long a record is kept after the last change, in milliseconds. */
  readonly ttlMs: number;
}

/** The store cannot be asked. Its message holds nothing of a record. */
export class IdempotencyUnavailableError extends Error {
  override readonly name = 'IdempotencyUnavailableError';
}
