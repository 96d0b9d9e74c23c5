import { IdempotencyUnavailableError } from './idempotency-store.ts';
import type { Claim, Claimed, IdempotencyStore, SentCall, StoreOptions } from './idempotency-store.ts';

/** A running or unfinished attempt. */
interface Attempted {
  readonly fingerprint: string;
  /** Undefined if no attempt holds the key. */
  readonly token: string | undefined;
  readonly progress: string | undefined;
  readonly sent: Sent | undefined;
  readonly touchedAt: number;
}

interface Sent {
  readonly serviceTimeMs: number;
  readonly at: number;
  readonly quietSince: number;
}

/** A finished attempt. It is stored for long, so it contains only what a retry needs. */
interface Done {
  readonly fingerprint: string;
  readonly result: string;
  readonly touchedAt: number;
}

export interface MemoryStoreOptions extends StoreOptions {
  /** Limit of records with, and of records without a result, of 0.5 to 1 kB each. @default 50 000 */
  readonly maxRecords?: number;
  /** A monotonic clock in milliseconds, which ignores changes of the system time. @default performance.now */
  readonly now?: () => number;
}

/**
 * Keeps keys in the memory of one process. It needs no leases, because a holder in this process always releases its key.
 * Beyond `maxRecords`, the oldest results are dropped early.
 */
export class MemoryIdempotencyStore implements IdempotencyStore {
  readonly isShared: boolean = false;
  readonly #ttlMs: number;
  readonly #maxRecords: number;
  readonly #now: () => number;
  readonly #keptSince: number;
  readonly #open = new AgedMap<Attempted>();
  readonly #done = new AgedMap<Done>();
  readonly #owners = new AgedMap<{ readonly name: string; readonly touchedAt: number }>();

  constructor({ ttlMs, maxRecords = 50_000, now = () => performance.now() }: MemoryStoreOptions) {
    this.#ttlMs = ttlMs;
    this.#maxRecords = maxRecords;
    this.#now = now;
    this.#keptSince = now();
  }

  async beat(): Promise<void> {}

  async claim(name: string, { fingerprint, token }: Claim): Promise<Claimed> {
    this.#makeRoom();
    const done = this.#done.get(name);
    if (done?.fingerprint === fingerprint) return { kind: 'done', result: done.result };
    const record = inUse(this.#open.get(name));
    if (done !== undefined || (record !== undefined && record.fingerprint !== fingerprint))
      return { kind: 'conflict' };
    const now = this.#now();
    const age = { keptSince: this.#keptSince, keptMs: now - this.#keptSince };
    if (record === undefined) {
      this.#open.set(name, { fingerprint, token, progress: undefined, sent: undefined, touchedAt: now });
      return { kind: 'first', ...age };
    }
    if (record.token !== undefined) return { kind: 'busy' };
    // Claimed in place: a claim that nothing follows does not keep a record for longer.
    this.#open.replace(name, { ...record, token });
    const { progress, sent } = record;
    return { kind: 'resumed', progress, sent: sent && callOf(sent, now), ...age };
  }

  async renew(name: string, { token }: Claim): Promise<boolean> {
    return this.#heldBy(token, name) !== undefined;
  }

  async recordSend(name: string, token: string, serviceTimeMs: number): Promise<boolean> {
    const now = this.#now();
    return this.#change(name, token, { sent: { serviceTimeMs, at: now, quietSince: now } });
  }

  async save(name: string, { token }: Claim, progress: string): Promise<boolean> {
    return this.#change(name, token, { progress, sent: undefined });
  }

  async complete(name: string, { token }: Claim, result: string): Promise<boolean> {
    const record = this.#heldBy(token, name);
    if (record === undefined) return false;
    this.#open.delete(name);
    this.#done.set(name, { fingerprint: record.fingerprint, result, touchedAt: this.#now() });
    return true;
  }

  async suspend(name: string, { token }: Claim, call: SentCall | undefined): Promise<boolean> {
    return this.#change(name, token, { token: undefined, sent: call && sentOf(call, this.#now()) });
  }

  async free(name: string, token: string): Promise<boolean> {
    return this.#heldBy(token, name) !== undefined && this.#open.delete(name);
  }

  async own(id: string, name: string): Promise<boolean> {
    const owner = this.#owners.get(id);
    if (owner !== undefined && owner.name !== name) return false;
    this.#owners.set(id, { name, touchedAt: this.#now() });
    return true;
  }

  async ownerOf(id: string): Promise<string | undefined> {
    return this.#owners.get(id)?.name;
  }

  #heldBy(token: string, name: string): Attempted | undefined {
    const record = this.#open.get(name);
    return record?.token === token ? record : undefined;
  }

  /** Changes a record if this token holds it. */
  #change(name: string, token: string, change: Partial<Attempted>): boolean {
    const record = this.#heldBy(token, name);
    if (record === undefined) return false;
    this.#open.set(name, { ...record, ...change, touchedAt: this.#now() });
    return true;
  }

  /** @throws {IdempotencyUnavailableError} */
  #makeRoom(): void {
    const before = this.#now() - this.#ttlMs;
    for (const records of [this.#open, this.#done, this.#owners]) dropExpired(records, before);
    dropOldest(this.#done, this.#maxRecords);
    dropOldest(this.#owners, 2 * this.#maxRecords);
    if (this.#open.size >= this.#maxRecords)
      throw new IdempotencyUnavailableError('too many keys are in use');
  }
}

/** Undefined for a record that no attempt holds and that has neither progress nor a sent call. */
function inUse(record: Attempted | undefined): Attempted | undefined {
  const { token, progress, sent } = record ?? {};
  return (token ?? progress ?? sent) === undefined ? undefined : record;
}

function callOf({ serviceTimeMs, at, quietSince }: Sent, now: number): SentCall {
  return { serviceTimeMs, sentMs: now - at, quietMs: now - quietSince };
}

function sentOf({ serviceTimeMs, sentMs, quietMs }: SentCall, now: number): Sent {
  return { serviceTimeMs, at: now - sentMs, quietSince: now - quietMs };
}

interface Touched {
  readonly touchedAt: number;
  readonly token?: string | undefined;
}

/** Drops expired records, from the oldest to the first one that is not expired or is held. */
function dropExpired(records: AgedMap<Touched>, before: number): void {
  for (let oldest = records.oldest(); oldest !== undefined; oldest = records.oldest()) {
    const { touchedAt, token } = oldest.value;
    if (touchedAt > before || token !== undefined) return;
    records.delete(oldest.name);
  }
}

function dropOldest(records: AgedMap<unknown>, most: number): void {
  for (let oldest = records.oldest(); oldest !== undefined && records.size >= most; oldest = records.oldest())
    records.delete(oldest.name);
}

interface Entry<Value> {
  readonly name: string;
  value: Value;
  older: Entry<Value> | undefined;
  newer: Entry<Value> | undefined;
}

/**
 * A map in the order of the last change, whose oldest entry is found in constant time. A `Map` keeps the same order, but an
 * iteration from its start passes all entries deleted since the last rebuild of its table.
 */
export class AgedMap<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  #oldest: Entry<Value> | undefined;
  #newest: Entry<Value> | undefined;

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): Value | undefined {
    return this.#entries.get(name)?.value;
  }

  oldest(): { readonly name: string; readonly value: Value } | undefined {
    return this.#oldest;
  }

  /** Sets a value as the newest. */
  set(name: string, value: Value): void {
    this.delete(name);
    const entry: Entry<Value> = { name, value, older: this.#newest, newer: undefined };
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    this.#entries.set(name, entry);
  }

  /** Changes a value without a change of its age. */
  replace(name: string, value: Value): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) entry.value = value;
  }

  delete(name: string): boolean {
    const entry = this.#entries.get(name);
    if (entry === undefined) return false;
    const { older, newer } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    return this.#entries.delete(name);
  }
}
