import { createHash, createHmac } from 'node:crypto';

/**
 * Stores idempotency keys. A record has a name and a fingerprint of the input. An attempt that claims a free record holds it
 * by a token until it ends. A write with another token has no effect, so that an attempt whose lease has expired overwrites
 * nothing. Each method is atomic. Times are on the clock of the store.
 *
 * A call is recorded by `recordSend` before it is sent. A record without a call therefore means that nothing was sent, even
 * if the store executed the claim after its holder had given up.
 */
export interface IdempotencyStore {
  /** Whether records outlive this process and other gateways may hold them. */
  readonly isShared: boolean;
  /** Records with a write that this gateway is alive. Fails if the store is not writable. */
  beat(): Promise<void>;
  claim(name: string, claim: Claim): Promise<Claimed>;
  /**
   * Renews the lease. Like the methods below, it restores a record that the store has lost, except `recordSend` and `free`,
   * and returns false if the caller no longer holds the record.
   * @param sent the unresolved call
   */
  renew(name: string, claim: Claim, sent: SentCall | undefined): Promise<boolean>;
  /** Records that a call is about to be sent, at this time of the service. Unless it returns true, nothing may be sent. */
  recordSend(name: string, token: string, serviceTimeMs: number): Promise<boolean>;
  /** Replaces the progress. No call is unresolved afterwards. */
  save(name: string, claim: Claim, progress: string): Promise<boolean>;
  /** Stores the result, which every later claim with the same fingerprint gets. */
  complete(name: string, claim: Claim, result: string): Promise<boolean>;
  /** Releases the record with its progress and its unresolved call, so that a later attempt can resume. */
  suspend(name: string, claim: Claim, sent: SentCall | undefined): Promise<boolean>;
  /** Deletes the record, because nothing has been done. */
  free(name: string, token: string): Promise<boolean>;
  /** Assigns an object to a key, unless it belongs to another one. @returns whether it belongs to this key */
  own(id: string, name: string): Promise<boolean>;
  ownerOf(id: string): Promise<string | undefined>;
}

export interface Claim {
  readonly fingerprint: string;
  readonly token: string;
}

/**
 * The result of a claim.
 *
 * - `first`: claimed; the key is new, or its holder has vanished without sending a call.
 * - `resumed`: claimed; an earlier attempt has not finished.
 * - `done`: the key has a result.
 * - `busy`: another attempt holds the key, or the store has just lost its records and a holder may still restore this one.
 * - `conflict`: the key belongs to another input.
 */
export type Claimed =
  | ({ readonly kind: 'first' } & StoreAge)
  | ({ readonly kind: 'resumed' } & Unfinished)
  | { readonly kind: 'done'; readonly result: string }
  | { readonly kind: 'busy' }
  | { readonly kind: 'conflict' };

/** The time since which the store has lost no data. */
export interface StoreAge {
  /** On the clock of the store, whose zero is arbitrary. Changes when the store loses its data. */
  readonly keptSince: number;
  /** How long ago that was, in milliseconds. */
  readonly keptMs: number;
}

export interface Unfinished extends StoreAge {
  /** The last saved progress. */
  readonly progress: string | undefined;
  /** The unresolved call. */
  readonly sent: SentCall | undefined;
}

/** When a call was sent. Durations are in milliseconds, unaffected by changes of a clock. */
export interface SentCall {
  /** On the clock of the service, in milliseconds since 1970. */
  readonly serviceTimeMs: number;
  /** How long ago it was recorded. */
  readonly sentMs: number;
  /** How long ago its sender stopped waiting for the response. */
  readonly quietMs: number;
}

export interface StoreOptions {
  /** How long a record is stored after its last change, in milliseconds. */
  readonly ttlMs: number;
}

/** The store is unavailable. The message contains nothing of a record. */
export class IdempotencyUnavailableError extends Error {
  override readonly name = 'IdempotencyUnavailableError';
}

/** JSON data. An absent value, `undefined` and `null` are equal. */
export type Input =
  string | number | boolean | null | undefined | readonly Input[] | { readonly [name: string]: Input };

/** The scope of a key. The same key of another caller, or for another operation, is a different key. */
export interface Scope {
  /** The upstream service, because gateways of several services may share a store. */
  readonly realm: string;
  readonly tenant: string | undefined;
  /** Identifies the caller; undefined without authentication. */
  readonly caller: readonly string[] | undefined;
  readonly operation: string;
  /** As the client chose it. */
  readonly key: string;
}

/**
 * The name of a key in the store. A hash, because operators of the store see names, and clients put personal data into keys.
 */
export function nameOf({ realm, tenant, caller, operation, key }: Scope): string {
  return createHash('sha256')
    .update(canonical([realm, tenant, caller, operation, key]))
    .digest('hex');
}

/**
 * Identifies an input without revealing it: SHA-256, keyed with the key of the client. A plain hash of an input with a fiscal
 * code could be reversed by trying all codes.
 */
export function fingerprintOf(key: string, input: Input): string {
  return createHmac('sha256', key).update(canonical(input)).digest('hex');
}

/** Canonical JSON: sorted names (as in RFC 8785), without names that have no value. */
export function canonical(input: Input): string {
  if (isList(input)) return `[${input.map(canonical).join(',')}]`;
  if (typeof input !== 'object' || input === null) return JSON.stringify(input ?? null);
  const entries = Object.entries(input)
    .filter(([, value]) => value != null)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`).join(',')}}`;
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(input: Input): input is readonly Input[] {
  return Array.isArray(input);
}
