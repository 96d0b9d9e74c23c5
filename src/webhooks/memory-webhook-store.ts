import TinyQueue from 'tinyqueue';
import { STORE_LIMITS } from './webhook-store.ts';
import type { QueuedMessage, StoreLimits, Taken, WebhookStore } from './webhook-store.ts';

export interface MemoryStoreOptions extends StoreLimits {
  /** Milliseconds, from any beginning. @default performance.now: setting the clock of the machine holds nothing up */
  readonly now?: () => number;
}

interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
  readonly dueAt: number;
  /** Of two that are due at the same time, the one that was planned first comes first. */
  readonly nth: number;
}

/** Values by key, each with the time when it is due, of which the earliest is found without a look at all others. */
class Schedule<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  /** Holds entries that were replaced or deleted since, too: they are dropped when they come first. */
  readonly #order = new TinyQueue<Entry<Value>>([], (a, b) => a.dueAt - b.dueAt || a.nth - b.nth);
  #planned = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** What is due first. */
  get first(): Entry<Value> | undefined {
    for (;;) {
      const entry = this.#order.peek();
      if (entry === undefined || this.#entries.get(entry.key) === entry) return entry;
      this.#order.pop();
    }
  }

  get(key: string): Entry<Value> | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: Value, dueAt: number): void {
    const entry = { key, value, dueAt, nth: (this.#planned += 1) };
    this.#entries.set(key, entry);
    this.#order.push(entry);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}

/** For one gateway: all is lost when it ends. */
export function createMemoryStore(options: MemoryStoreOptions = {}): WebhookStore {
  const { maxWatched, maxQueued, now = () => performance.now() } = { ...STORE_LIMITS, ...options };
  const watched = new Schedule<string>();
  /** For each endpoint, the messages of each request. */
  const queues = new Map<string, Schedule<readonly string[]>>();

  function queuesOf(endpoint: string): Schedule<readonly string[]> {
    let found = queues.get(endpoint);
    if (found === undefined) queues.set(endpoint, (found = new Schedule()));
    return found;
  }

  /** Those whose time has come, and leased from now on. */
  function take<Value>(all: Schedule<Value>, count: number, leaseMs: number): Taken<Entry<Value>> {
    const at = now();
    const items: Entry<Value>[] = [];
    let { first } = all;
    while (first !== undefined && first.dueAt <= at && items.length < count) {
      items.push(first);
      all.set(first.key, first.value, at + leaseMs);
      ({ first } = all);
    }
    return { items, nextMs: first && Math.max(0, first.dueAt - at) };
  }

  /** For how long the oldest has been due; what is taken is not due before its lease ends. */
  function oldestMs({ first }: Schedule<unknown>): number {
    return first === undefined ? 0 : Math.max(0, now() - first.dueAt);
  }

  function append(endpoint: string, key: string, messages: readonly string[]): boolean {
    const all = queuesOf(endpoint);
    const queue = all.get(key);
    if (queue === undefined && all.size >= maxQueued) return false;
    all.set(key, [...(queue?.value ?? []), ...messages], queue?.dueAt ?? now());
    return true;
  }

  /**
   * Puts messages in the place of the first of a request, whose turn comes then.
   * @returns false: another message was the first.
   */
  function settle(
    endpoint: string,
    { key, message }: QueuedMessage,
    replacement: readonly string[],
    inMs: number,
  ): boolean {
    const all = queuesOf(endpoint);
    const [first, ...others] = all.get(key)?.value ?? [];
    if (first !== message) return false;
    const messages = [...replacement, ...others];
    if (messages.length === 0) all.delete(key);
    else all.set(key, messages, now() + inMs);
    return true;
  }

  // Oddly async: what a store throws it throws into the promise.
  return {
    isShared: false,
    async watch(key, record, dueInMs) {
      const known = watched.get(key);
      if (known !== undefined) return known.value;
      if (watched.size >= maxWatched) return undefined;
      watched.set(key, record, now() + dueInMs);
      return record;
    },
    async takeWatched(count, leaseMs) {
      const { items, nextMs } = take(watched, count, leaseMs);
      return { items: items.map(({ key, value }) => ({ key, record: value })), nextMs };
    },
    recordOf: async (key) => watched.get(key)?.value,
    async change(key, { from, to, dueInMs, endpoints, messages }) {
      if (watched.get(key)?.value !== from) return 'stale';
      if (to === undefined) watched.delete(key);
      else watched.set(key, to, now() + dueInMs);
      return messages.length === 0 ? [] : endpoints.filter((endpoint) => !append(endpoint, key, messages));
    },
    async hurry(key, dueInMs) {
      const known = watched.get(key);
      const dueAt = now() + dueInMs;
      if (known !== undefined && dueAt < known.dueAt) watched.set(key, known.value, dueAt);
    },
    async takeQueued(endpoint, count, leaseMs) {
      const { items, nextMs } = take(queuesOf(endpoint), count, leaseMs);
      const heads = items.flatMap(({ key, value }) => value.slice(0, 1).map((message) => ({ key, message })));
      return { items: heads, nextMs };
    },
    drop: async (endpoint, queued) => settle(endpoint, queued, [], 0),
    retry: async (endpoint, queued, replacement, inMs) => settle(endpoint, queued, [replacement], inMs),
    countQueued: async (endpoint) => queues.get(endpoint)?.size ?? 0,
    oldestWatchedMs: async () => oldestMs(watched),
    oldestQueuedMs: async (endpoint) => oldestMs(queuesOf(endpoint)),
  };
}
