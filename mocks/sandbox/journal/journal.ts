import { queryRecord } from '../http/incoming-call.ts';
import { entryView } from './journal-entry.ts';
import type { JournalEntry, StoredBody, StoredEntry } from './journal-entry.ts';
import { MASK } from '../http/mask.ts';
import type { CallOutcome } from '../http/wire-answer.ts';

/** The completed calls of a sandbox, in order of arrival. */
export interface Journal {
  /** The matching calls, oldest first. The journal holds the latest 10,000 calls and 16 MiB of bodies. */
  entries(filter?: JournalFilter): JournalEntry[];
  /**
   * The first matching call: one that has already ended, or the next one.
   * @throws JournalTimeoutError listing the received calls; the reason of `signal`; Error if the sandbox is closed
   */
  waitFor(filter: JournalFilter, options?: WaitOptions): Promise<JournalEntry>;
  /** Removes all entries. */
  clear(): void;
}

/** Plain data. A call matches if all given properties match. */
export interface JournalFilter {
  /** Only calls that arrived after the one with this `seq`. */
  readonly after?: number | undefined;
  readonly operationId?: string | undefined;
  readonly method?: string | undefined;
  /** A substring of the path, such as an id. */
  readonly path?: string | undefined;
  readonly status?: number | undefined;
  readonly ended?: CallOutcome | undefined;
  /** Id of a fault that fired on the call. */
  readonly fault?: string | undefined;
  /** Whether the request or the response violates the contract. */
  readonly violating?: boolean | undefined;
  /** Whether fiscal codes are shown in full. @default false, `SPNDNL••••••••••` */
  readonly unmasked?: boolean | undefined;
}

export interface WaitOptions {
  /** Milliseconds of real time. @default 5000 */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** No call matched in time. The message lists the received calls. */
export class JournalTimeoutError extends Error {
  override readonly name = 'JournalTimeoutError';
}

/** A call in progress. */
export interface PendingCall {
  /** Records the end of the call. Further calls have no effect. */
  end(result: CallResult): void;
}

/** The result of a call, for its entry. */
export type CallResult = Pick<
  StoredEntry,
  'operationId' | 'status' | 'ended' | 'violations' | 'faults' | 'requestBody' | 'responseBody'
>;

/** A call of `waitFor` that no call has matched yet. */
interface Waiter {
  readonly filter: JournalFilter;
  readonly settle: (outcome: StoredEntry | Error) => void;
}

const MAX_ENTRIES = 10_000;
/** Total size of bodies stored as text. Above it, the oldest bodies are evicted, but not their entries. */
const MAX_TEXT_LENGTH = 16 * 1_024 * 1_024;
const DEFAULT_TIMEOUT_MS = 5_000;
/** Maximum number of calls that an error lists. */
const MAX_LISTED = 20;

/** The journal of one sandbox, which also records the calls. */
export class CallJournal implements Journal {
  readonly #now: () => number;
  #entries: StoredEntry[] = [];
  #seq = 0;
  #textLength = 0;
  readonly #waiters = new Set<Waiter>();

  /** @param now the clock of the sandbox */
  constructor(now: () => number) {
    this.#now = now;
  }

  entries(filter: JournalFilter = {}): JournalEntry[] {
    return this.#entries
      .filter((entry) => matches(entry, filter))
      .map((entry) => entryView(entry, filter.unmasked ?? false));
  }

  async waitFor(
    filter: JournalFilter,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: WaitOptions = {},
  ): Promise<JournalEntry> {
    signal?.throwIfAborted();
    const past = this.#entries.find((entry) => matches(entry, filter));
    const entry = past ?? (await this.#next(filter, timeoutMs, signal));
    return entryView(entry, filter.unmasked ?? false);
  }

  clear(): void {
    this.#entries = [];
    this.#textLength = 0;
  }

  /** Registers the arrival of a call. It becomes an entry when it ends. */
  receive(method: string, url: URL): PendingCall {
    this.#seq += 1;
    const arrival = {
      seq: this.#seq,
      time: new Date(this.#now()).toISOString(),
      method,
      path: url.pathname,
      query: queryOf(url),
    };
    const startedAt = performance.now();
    let ended = false;
    return {
      end: (result) => {
        if (ended) return;
        ended = true;
        const durationMs = Math.round((performance.now() - startedAt) * 100) / 100;
        this.#add({ ...arrival, durationMs, ...result });
      },
    };
  }

  /** Rejects all waits. */
  close(): void {
    for (const { settle } of this.#waiters) settle(new Error('The sandbox was closed'));
  }

  #add(entry: StoredEntry): void {
    // Sorted by arrival: a slow call is inserted before calls that arrived later.
    this.#entries.splice(this.#entries.findLastIndex((other) => other.seq < entry.seq) + 1, 0, entry);
    this.#textLength += textLengthOf(entry);
    this.#evict();
    for (const waiter of this.#waiters) if (matches(entry, waiter.filter)) waiter.settle(entry);
  }

  /** Removes the oldest entries above the limit, then the texts of the oldest bodies above theirs. */
  #evict(): void {
    while (this.#entries.length > MAX_ENTRIES) this.#textLength -= textLengthOf(this.#entries.shift());
    for (let index = 0; this.#textLength > MAX_TEXT_LENGTH && index < this.#entries.length; index += 1) {
      const entry = this.#entries[index];
      if (entry === undefined || textLengthOf(entry) === 0) continue;
      this.#textLength -= textLengthOf(entry);
      this.#entries[index] = {
        ...entry,
        requestBody: withoutText(entry.requestBody),
        responseBody: withoutText(entry.responseBody),
      };
    }
  }

  /** The next call that matches. */
  #next(filter: JournalFilter, timeoutMs: number, signal?: AbortSignal): Promise<StoredEntry> {
    const { promise, resolve, reject } = Promise.withResolvers<StoredEntry>();
    const waiter: Waiter = {
      filter,
      settle: (outcome) => {
        this.#waiters.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      },
    };
    const timer = setTimeout(() => waiter.settle(this.#timeoutError(filter, timeoutMs)), timeoutMs);
    const onAbort = (): void => {
      const reason: unknown = signal?.reason;
      waiter.settle(reason instanceof Error ? reason : new Error(String(reason)));
    };
    signal?.addEventListener('abort', onAbort);
    this.#waiters.add(waiter);
    return promise;
  }

  #timeoutError(filter: JournalFilter, timeoutMs: number): JournalTimeoutError {
    const seen = this.#entries.filter((entry) => entry.seq > (filter.after ?? 0));
    const listed = seen.slice(-MAX_LISTED).map(lineOf);
    const count =
      seen.length > MAX_LISTED ? `the latest ${MAX_LISTED} of ${seen.length}:` : `${seen.length}:`;
    return new JournalTimeoutError(
      [
        `No call that matches ${JSON.stringify(filter)} ended within ${timeoutMs} ms. Received calls, ${count}`,
        ...listed,
      ].join('\n  '),
    );
  }
}

function matches(entry: StoredEntry, filter: JournalFilter): boolean {
  const { after = 0, operationId, method, path, status, ended, fault, violating } = filter;
  const { request, response } = entry.violations;
  return (
    entry.seq > after &&
    (operationId === undefined || entry.operationId === operationId) &&
    (method === undefined || entry.method === method) &&
    (path === undefined || entry.path.includes(path)) &&
    (status === undefined || entry.status === status) &&
    (ended === undefined || entry.ended === ended) &&
    (fault === undefined || entry.faults.includes(fault)) &&
    (violating === undefined || request.length + response.length > 0 === violating)
  );
}

function lineOf(entry: StoredEntry): string {
  const { seq, operationId = 'no operation', method, path, status, ended } = entryView(entry, false);
  return `#${seq} ${operationId} (${method} ${path}): ${[status, ended].filter((word) => word !== 'answered').join(' ')}`;
}

/** Query parameters for the journal. Signatures are masked, because they grant access to the file. */
function queryOf({ searchParams }: URL): Record<string, string | string[]> {
  const query = queryRecord(searchParams);
  return 'sig' in query ? { ...query, sig: MASK } : query;
}

function textLengthOf(entry: StoredEntry | undefined): number {
  const lengths = [entry?.requestBody, entry?.responseBody].map((body) =>
    typeof body === 'string' ? body.length : 0,
  );
  return lengths.reduce((total, length) => total + length, 0);
}

function withoutText(body: StoredBody | undefined): StoredBody | undefined {
  return typeof body === 'string' ? { bytes: Buffer.byteLength(body) } : body;
}
