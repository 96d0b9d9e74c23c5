import { queryRecord } from '../http/incoming-call.ts';
import { entryView } from './journal-entry.ts';
import type { JournalEntry, KeptBody, KeptEntry } from './journal-entry.ts';
import { MASK } from '../http/mask.ts';
import type { Ending } from '../http/wire-answer.ts';

/** Every call that a sandbox has received and that has ended, in the order of arrival. */
export interface Journal {
  /** The calls that fit, oldest first: the latest 10,000 are kept, with 16 MiB of bodies. */
  entries(filter?: JournalFilter): JournalEntry[];
  /**
   * The first call that fits, one that has already ended or the next one that does.
   * @throws JournalTimeoutError listing what was received instead; the reason of `signal`; Error when the sandbox is closed
   */
  waitFor(filter: JournalFilter, options?: WaitOptions): Promise<JournalEntry>;
  /** Forgets the calls so far. */
  clear(): void;
}

/** Plain data. A call fits when all that is given fits. */
export interface JournalFilter {
  /** Only calls received after the one with this `seq`. */
  readonly after?: number | undefined;
  readonly operationId?: string | undefined;
  readonly method?: string | undefined;
  /** Text that the path contains: an id will do. */
  readonly path?: string | undefined;
  readonly status?: number | undefined;
  readonly ended?: Ending | undefined;
  /** Id of a fault that the call met. */
  readonly fault?: string | undefined;
  /** Whether the contract has something against the call or its answer. */
  readonly violating?: boolean | undefined;
  /** Shows fiscal codes in full. @default false, `SPNDNL••••••••••` */
  readonly unmasked?: boolean | undefined;
}

export interface WaitOptions {
  /** Real time. @default 5000 */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was waited for did not come in time. The message lists what came. */
export class JournalTimeoutError extends Error {
  override readonly name = 'JournalTimeoutError';
}

/** The journal as whoever writes it sees it. */
export interface OpenJournal extends Journal {
  /** Notes that a call has come. It becomes an entry when it ends. */
  receive(method: string, url: URL): ReceivedCall;
  /** Ends the waits. */
  close(): void;
}

/** A call that is under way. */
export interface ReceivedCall {
  /** The first end counts. */
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
/** Of all the bodies that are kept as text. The oldest are forgotten beyond, their calls are not. */
const MAX_TEXT_LENGTH = 16 * 1_024 * 1_024;
const DEFAULT_TIMEOUT_MS = 5_000;
/** Calls that an error lists. */
const MAX_LISTED = 20;

/** @param now the sandbox's clock */
export function createJournal(now: () => number): OpenJournal {
  let kept: KeptEntry[] = [];
  let seq = 0;
  let textLength = 0;
  const waits = new Set<Wait>();

  function keep(entry: KeptEntry): void {
    // In the order of arrival: a call that took long goes before those that overtook it.
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
        `No call that fits ${JSON.stringify(filter)} ended within ${timeoutMs} ms. Calls received instead, ${many}`,
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

/** What the journal shows of a query: a signature is as good as the file that it leads to. */
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
