import { STORE_LIMITS } from './store.ts';
import type { QueuedMessage, StoreLimits, Taken, WebhookStore } from './store.ts';

interface Due {
  /** Of the store's clock. */
  dueAt: number;
}
interface Watched extends Due {
  record: string;
}
interface Queue extends Due {
  readonly messages: string[];
}

export interface MemoryStoreOptions extends StoreLimits {
  /** Milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** For one gateway: all is lost when it ends. Whatever is due is looked for among all, which are some thousands. */
export function createMemoryStore(options: MemoryStoreOptions = {}): WebhookStore {
  const { maxWatched, maxQueued, now = Date.now } = { ...STORE_LIMITS, ...options };
  const watched = new Map<string, Watched>();
  const queues = new Map<string, Map<string, Queue>>();

  function queuesOf(endpoint: string): Map<string, Queue> {
    let found = queues.get(endpoint);
    if (found === undefined) queues.set(endpoint, (found = new Map()));
    return found;
  }

  /** Those whose time has come, and leased from now on. */
  function take<Value extends Due>(
    all: ReadonlyMap<string, Value>,
    count: number,
    leaseMs: number,
  ): Taken<[string, Value]> {
    const at = now();
    const items = [...all]
      .filter(([, { dueAt }]) => dueAt <= at)
      .toSorted(([, one], [, other]) => one.dueAt - other.dueAt)
      .slice(0, count);
    for (const [, value] of items) value.dueAt = at + leaseMs;
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAt } of all.values()) next = Math.min(next, dueAt);
    return { items, nextMs: next === Number.POSITIVE_INFINITY ? undefined : Math.max(0, next - at) };
  }

  /** For how long the oldest has been due; what is taken is not due before its lease ends. */
  function oldestMs(all: ReadonlyMap<string, Due>): number {
    let oldest = now();
    for (const { dueAt } of all.values()) oldest = Math.min(oldest, dueAt);
    return now() - oldest;
  }

  function append(endpoint: string, key: string, messages: readonly string[]): boolean {
    const all = queuesOf(endpoint);
    const queue = all.get(key);
    if (queue === undefined && all.size >= maxQueued) return false;
    if (queue === undefined) all.set(key, { messages: [...messages], dueAt: now() });
    else queue.messages.push(...messages);
    return true;
  }

  /** The queue that begins with this message. */
  function queueWith(endpoint: string, { key, message }: QueuedMessage): Queue | undefined {
    const queue = queues.get(endpoint)?.get(key);
    return queue?.messages[0] === message ? queue : undefined;
  }

  // Oddly async: what a store throws it throws into the promise.
  return {
    isShared: false,
    async watch(key, record, dueInMs) {
      const known = watched.get(key);
      if (known !== undefined) return known.record;
      if (watched.size >= maxWatched) return undefined;
      watched.set(key, { record, dueAt: now() + dueInMs });
      return record;
    },
    async takeWatched(count, leaseMs) {
      const { items, nextMs } = take(watched, count, leaseMs);
      return { items: items.map(([key, { record }]) => ({ key, record })), nextMs };
    },
    recordOf: async (key) => watched.get(key)?.record,
    async change(key, { from, to, dueInMs, endpoints, messages }) {
      const known = watched.get(key);
      if (known?.record !== from) return 'stale';
      if (to === undefined) watched.delete(key);
      else watched.set(key, { record: to, dueAt: now() + dueInMs });
      return messages.length === 0 ? [] : endpoints.filter((endpoint) => !append(endpoint, key, messages));
    },
    async hurry(key, dueInMs) {
      const known = watched.get(key);
      if (known !== undefined) known.dueAt = Math.min(known.dueAt, now() + dueInMs);
    },
    async takeQueued(endpoint, count, leaseMs) {
      const { items, nextMs } = take(queuesOf(endpoint), count, leaseMs);
      const heads = items.flatMap(([key, { messages }]) =>
        messages.slice(0, 1).map((message) => ({ key, message })),
      );
      return { items: heads, nextMs };
    },
    async drop(endpoint, queued) {
      const queue = queueWith(endpoint, queued);
      if (queue === undefined) return false;
      queue.messages.shift();
      queue.dueAt = now();
      if (queue.messages.length === 0) queues.get(endpoint)?.delete(queued.key);
      return true;
    },
    async retry(endpoint, queued, replacement, inMs) {
      const queue = queueWith(endpoint, queued);
      if (queue === undefined) return false;
      queue.messages[0] = replacement;
      queue.dueAt = now() + inMs;
      return true;
    },
    countQueued: async (endpoint) => queues.get(endpoint)?.size ?? 0,
    oldestWatchedMs: async () => oldestMs(watched),
    oldestQueuedMs: async (endpoint) => oldestMs(queuesOf(endpoint)),
  };
}
