import { IdempotencyUnavailableError } from './store.ts';
import type { Claim, Claimed, IdempotencyStore, SentCall, StoreOptions } from './store.ts';

/** A running or unfinished attempt. */
interface Attempted {
  readonly fingerprint: string;
  /** Undefined if no attempt holds the key. */
  token: string | undefined;
  progress: string | undefined;
  sent: Sent | undefined;
  touchedAt: number;
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
export function createMemoryStore(options: MemoryStoreOptions): IdempotencyStore {
  const { ttlMs, maxRecords = 50_000, now = () => performance.now() } = options;
  const keptSince = now();
  // Each map is in order of the last change.
  const open = new Map<string, Attempted>();
  const done = new Map<string, Done>();
  const owners = new Map<string, { readonly name: string; readonly touchedAt: number }>();

  const age = () => ({ keptSince, keptMs: now() - keptSince });

  function makeRoom(): void {
    for (const records of [open, done, owners]) dropExpired(records, now() - ttlMs);
    dropOldest(done, maxRecords);
    dropOldest(owners, 2 * maxRecords);
    if (open.size >= maxRecords) throw new IdempotencyUnavailableError('too many keys are in use');
  }

  /** Changes a record if this token holds it. */
  async function change(name: string, token: string, to: (record: Attempted) => void): Promise<boolean> {
    const record = open.get(name);
    if (record?.token !== token) return false;
    to(record);
    record.touchedAt = now();
    open.delete(name);
    open.set(name, record);
    return true;
  }

  function claimNow(name: string, { fingerprint, token }: Claim): Claimed {
    makeRoom();
    const ended = done.get(name);
    if (ended?.fingerprint === fingerprint) return { kind: 'done', result: ended.result };
    const record = inUse(open.get(name));
    if (ended !== undefined || (record !== undefined && record.fingerprint !== fingerprint))
      return { kind: 'conflict' };
    if (record === undefined) {
      open.set(name, { fingerprint, token, progress: undefined, sent: undefined, touchedAt: now() });
      return { kind: 'first', ...age() };
    }
    if (record.token !== undefined) return { kind: 'busy' };
    record.token = token;
    const { progress, sent } = record;
    return { kind: 'resumed', progress, sent: sent && callOf(sent, now()), ...age() };
  }

  return {
    isShared: false,
    beat: () => Promise.resolve(),
    // Async, so that an error rejects the promise.
    claim: async (name, claim) => claimNow(name, claim),
    renew: (name, { token }) => Promise.resolve(open.get(name)?.token === token),
    recordSend: (name, token, serviceTimeMs) =>
      change(name, token, (record) => {
        record.sent = { serviceTimeMs, at: now(), quietSince: now() };
      }),
    save: (name, { token }, progress) =>
      change(name, token, (record) => {
        record.progress = progress;
        record.sent = undefined;
      }),
    async complete(name, { token }, result) {
      const record = open.get(name);
      if (record?.token !== token) return false;
      open.delete(name);
      done.set(name, { fingerprint: record.fingerprint, result, touchedAt: now() });
      return true;
    },
    suspend: (name, { token }, sent) =>
      change(name, token, (record) => {
        record.token = undefined;
        record.sent = sent && {
          serviceTimeMs: sent.serviceTimeMs,
          at: now() - sent.sentMs,
          quietSince: now() - sent.quietMs,
        };
      }),
    async free(name, token) {
      return open.get(name)?.token === token && open.delete(name);
    },
    async own(id, name) {
      const owner = owners.get(id);
      if (owner !== undefined && owner.name !== name) return false;
      owners.delete(id);
      owners.set(id, { name, touchedAt: now() });
      return true;
    },
    ownerOf: (id) => Promise.resolve(owners.get(id)?.name),
  };
}

/** Undefined for a record that no attempt holds and that has neither progress nor a sent call. */
function inUse(record: Attempted | undefined): Attempted | undefined {
  const { token, progress, sent } = record ?? {};
  return (token ?? progress ?? sent) === undefined ? undefined : record;
}

function callOf({ serviceTimeMs, at, quietSince }: Sent, now: number): SentCall {
  return { serviceTimeMs, sentMs: now - at, quietMs: now - quietSince };
}

interface Touched {
  readonly touchedAt: number;
  readonly token?: string | undefined;
}

/** Drops expired records, from the oldest to the first one that is not expired or is held. */
function dropExpired(records: Map<string, Touched>, before: number): void {
  for (const [name, { touchedAt, token }] of records) {
    if (touchedAt > before || token !== undefined) return;
    records.delete(name);
  }
}

function dropOldest(records: Map<string, unknown>, most: number): void {
  for (const name of records.keys()) {
    if (records.size < most) return;
    records.delete(name);
  }
}
