import { queryRecord } from '../http/incoming-call.ts';
import { entryView } from './journal-entry.ts';
import type { JournalEntry, KeptBody, KeptEntry } from './journal-entry.ts';
import { MASK } from '../http/mask.ts';
import type { Ending } from '../http/wire-answer.ts';

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
  readonly ended?: Ending | undefined;
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

/** The journal for its writers. */
export interface OpenJournal extends Journal {
  /** Registers the arrival of a call. It becomes an entry when it ends. */
  receive(method: string, url: URL): ReceivedCall;
  /** Rejects all waits. */
  close(): void;
}

/** A call in progress. */
export interface ReceivedCall {
  /** Records the end of the call. Further calls have no effect. */
  end(conclusion: Conclusion): void;
}

export type Conclusion = Pick<
  KeptEntry,
  'operationId' | 'status' | 'ended' | 'violations' | 'faults' | 'requestBody' | 'responseBody'
>;

interface Wait {
  readonly filter: JournalFilter;
  readonly settle: (outcome: KeptEntry | Error) => void;
}

const MAX_ENTRIES = 10_000;
/** Total size of bodies stored as text. Above it, the oldest bodies are evicted, but not their entries. */
const MAX_TEXT_LENGTH = 16 * 1_024 * 1_024;
const DEFAULT_TIMEOUT_MS = 5_000;
/** Maximum number of calls that an error lists. */
const MAX_LISTED = 20;

/** @param now the clock of the sandbox */
export function createJournal(now: () => number): OpenJournal {
  let kept: KeptEntry[] = [];
  let seq = 0;
  let textLength = 0;
  const waits = new Set<Wait>();

  function keep(entry: KeptEntry): void {
    // Sorted by arrival: a slow call is inserted before calls that arrived later.
    kept.splice(kept.findLastIndex((other) => other.seq < entry.seq) + 1, 0, entry);
    textLength += textLengthOf(entry);
    while (kept.length > MAX_ENTRIES) textLength -= textLengthOf(kept.shift());
    for (let index = 0; textLength > MAX_TEXT_LENGTH && index < kept.length; index += 1) {
      const old = kept[index];
      if (old === undefined || textLengthOf(old) === 0) continue;
      textLength -= textLengthOf(old);
      kept[index] = {
        ...old,
        requestBody: forgotten(old.requestBody),
        responseBody: forgotten(old.responseBody),
      };
    }
    for (const wait of waits) if (fits(entry, wait.filter)) wait.settle(entry);
  }

  function timeout(filter: JournalFilter, timeoutMs: number): JournalTimeoutError {
    const seen = kept.filter((entry) => entry.seq > (filter.after ?? 0));
    const listed = seen.slice(-MAX_LISTED).map(lineOf);
    const many = seen.length > MAX_LISTED ? `the latest ${MAX_LISTED} of ${seen.length}:` : `${seen.length}:`;
    return new JournalTimeoutError(
      [
        `No call that matches ${JSON.stringify(filter)} ended within ${timeoutMs} ms. Received calls, ${many}`,
        ...listed,
      ].join('\n  '),
    );
  }

  return {
    entries: (filter = {}) =>
      kept.filter((entry) => fits(entry, filter)).map((entry) => entryView(entry, filter.unmasked ?? false)),
    async waitFor(filter, { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = {}) {
      signal?.throwIfAborted();
      const past = kept.find((entry) => fits(entry, filter));
      const entry = past ?? (await next(filter, timeoutMs, signal));
      return entryView(entry, filter.unmasked ?? false);
    },
    clear() {
      kept = [];
      textLength = 0;
    },
    receive(method, url) {
      seq += 1;
      const arrival = { seq, time: new Date(now()).toISOString(), method, path: url.pathname };
      const query = queryOf(url);
      const startedAt = performance.now();
      let ended = false;
      return {
        end(conclusion) {
          if (ended) return;
          ended = true;
          const durationMs = Math.round((performance.now() - startedAt) * 100) / 100;
          keep({ ...arrival, query, durationMs, ...conclusion });
        },
      };
    },
    close() {
      for (const { settle } of waits) settle(new Error('The sandbox was closed'));
    },
  };

  function next(filter: JournalFilter, timeoutMs: number, signal?: AbortSignal): Promise<KeptEntry> {
    const { promise, resolve, reject } = Promise.withResolvers<KeptEntry>();
    const wait: Wait = {
      filter,
      settle(outcome) {
        waits.delete(wait);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      },
    };
    const timer = setTimeout(() => wait.settle(timeout(filter, timeoutMs)), timeoutMs);
    const onAbort = (): void => {
      const reason: unknown = signal?.reason;
      wait.settle(reason instanceof Error ? reason : new Error(String(reason)));
    };
    signal?.addEventListener('abort', onAbort);
    waits.add(wait);
    return promise;
  }
}

function fits(entry: KeptEntry, filter: JournalFilter): boolean {
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

function lineOf(entry: KeptEntry): string {
  const { seq, operationId = 'no operation', method, path, status, ended } = entryView(entry, false);
  return `#${seq} ${operationId} (${method} ${path}): ${[status, ended].filter((word) => word !== 'answered').join(' ')}`;
}

/** Query parameters for the journal. Signatures are masked, because they grant access to the file. */
function queryOf({ searchParams }: URL): Record<string, string | string[]> {
  const query = queryRecord(searchParams);
  return 'sig' in query ? { ...query, sig: MASK } : query;
}

function textLengthOf(entry: KeptEntry | undefined): number {
  const lengths = [entry?.requestBody, entry?.responseBody].map((body) =>
    typeof body === 'string' ? body.length : 0,
  );
  return lengths.reduce((total, length) => total + length, 0);
}

function forgotten(body: KeptBody | undefined): KeptBody | undefined {
  return typeof body === 'string' ? { bytes: Buffer.byteLength(body) } : body;
}
