/**
 * Where idempotency keys are kept. A record has a name and a fingerprint of the input. Whoever claims one that is free
 * holds it by a token until they say how it ended; writes with another token do nothing, so somebody who was thought dead
 * and comes back late overwrites nothing. Each method is atomic. Times are those of the store's own clock.
 *
 * A call is recorded by `recordSend` before it is sent. So a record that was claimed and says nothing of a call stands for
 * nothing that was sent, also when its claim was carried out after its holder had given up waiting for it.
 */
export interface IdempotencyStore {
  /** Records outlive this process, and other gateways may hold them. */
  readonly isShared: boolean;
  /** Says that this gateway is there, by a write: fails when the store cannot be written to. */
  beat(): Promise<void>;
  claim(name: string, claim: Claim): Promise<Claimed>;
  /**
   * Says that the holder is alive. @returns false when the record is no longer theirs; so do those below. A record that the
   * store has lost is put back, except by `recordSend` and `free`.
   * @param sent the call whose outcome is not known
   */
  renew(name: string, claim: Claim, sent: SentCall | undefined): Promise<boolean>;
  /** Records that a call is about to be sent, at this time of the service. Unless it returns true, nothing may be sent. */
  recordSend(name: string, token: string, serviceTimeMs: number): Promise<boolean>;
  /** Keeps what has been done so far, in place of what was kept before. No call is unresolved then. */
  save(name: string, claim: Claim, progress: string): Promise<boolean>;
  /** Keeps the result. It is given to everybody who asks with the same fingerprint from now on. */
  complete(name: string, claim: Claim, result: string): Promise<boolean>;
  /** Lets go of the record, with what was saved and the call whose outcome is not known, for the next one to go on. */
  suspend(name: string, claim: Claim, sent: SentCall | undefined): Promise<boolean>;
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
 * - `first`: nothing, or a claim of somebody who has vanished and had sent nothing; the record is yours.
 * - `resumed`: somebody has begun and not ended, or has vanished; the record is yours.
 * - `done`: it has a result.
 * - `busy`: somebody holds it who was alive a moment ago; or the store has just lost its records, and who held one may put
 *   it back.
 * - `conflict`: it is about another input.
 */
export type Claimed =
  | ({ readonly kind: 'first' } & StoreAge)
  | ({ readonly kind: 'resumed' } & Unfinished)
  | { readonly kind: 'done'; readonly result: string }
  | { readonly kind: 'busy' }
  | { readonly kind: 'conflict' };

/** Since when the store has lost nothing: what was kept before, it does not know. */
export interface StoreAge {
  /** By the clock of the store, whatever its zero: tells one life of the store from the next. */
  readonly keptSince: number;
  /** How long ago that was, in milliseconds. */
  readonly keptMs: number;
}

export interface Unfinished extends StoreAge {
  /** As it was saved last. */
  readonly progress: string | undefined;
  /** A call that was about to be sent, and whose outcome is not known. */
  readonly sent: SentCall | undefined;
}

/** When a call was sent. Durations are in milliseconds, however clocks were set meanwhile. */
export interface SentCall {
  /** By the service's clock, in milliseconds since 1970. */
  readonly serviceTimeMs: number;
  /** How long ago it was recorded. */
  readonly sentMs: number;
  /** How long ago its sender stopped waiting for the answer. */
  readonly quietMs: number;
}

export interface StoreOptions {
  /** How long a record is kept after the last change, in milliseconds. */
  readonly ttlMs: number;
}

/** The store cannot be asked. Its message holds nothing of a record. */
export class IdempotencyUnavailableError extends Error {
  override readonly name = 'IdempotencyUnavailableError';
}
