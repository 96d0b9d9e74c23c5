import TinyQueue from 'tinyqueue';

/**
 * What webhooks keep: the watched requests with their last reported state, and the undelivered messages of each endpoint.
 * Keys, records and messages are opaque text (see `messages.ts`).
 *
 * A taken item is leased to one gateway for `leaseMs` and becomes due again when the lease ends. All times are durations
 * on the clock of the store.
 *
 * Every method throws `WebhookStoreError` when the store is unavailable.
 */
export interface WebhookStore {
  /** Whether other gateways share the store and it outlives this process. */
  readonly isShared: boolean;

  /** Starts watching a request, unless it is watched. @returns its record, or undefined at the limit of watched requests */
  watch(key: string, record: string, dueInMs: number): Promise<string | undefined>;
  /** Takes watched requests that are due, the longest due first. */
  takeWatched(count: number, leaseMs: number): Promise<Taken<WatchedRecord>>;
  recordOf(key: string): Promise<string | undefined>;
  /**
   * Replaces the record of a request and queues its messages, atomically.
   * @returns `stale` if the record has changed, and nothing was written; otherwise the endpoints whose queues are full
   */
  change(key: string, change: RecordChange): Promise<'stale' | readonly string[]>;
  /** Makes a watched request due in this time, unless it is due earlier. */
  bringForward(key: string, dueInMs: number): Promise<void>;

  /** Takes the first message of each request that is due. While one is leased, the next ones of its request wait. */
  takeQueued(endpoint: string, count: number, leaseMs: number): Promise<Taken<QueuedMessage>>;
  /** Removes the first message of a request, so that the next one is due. @returns false if another message is the first */
  drop(endpoint: string, queued: QueuedMessage): Promise<boolean>;
  /** Replaces the first message of a request with one that is due later. @returns as `drop` */
  retry(endpoint: string, queued: QueuedMessage, replacement: string, dueInMs: number): Promise<boolean>;
  /** Requests with undelivered messages for an endpoint. */
  countQueued(endpoint: string): Promise<number>;

  /** How long the oldest watched request has been due, in milliseconds; 0 if none is due. */
  oldestWatchedMs(): Promise<number>;
  /** How long the oldest message for an endpoint has been due, in milliseconds; 0 if none is due. */
  oldestQueuedMs(endpoint: string): Promise<number>;
}

export interface Taken<Item> {
  readonly items: readonly Item[];
  /** Milliseconds until the next item is due; undefined if there is none. */
  readonly nextMs: number | undefined;
}

export interface WatchedRecord {
  readonly key: string;
  readonly record: string;
}

export interface RecordChange {
  /** The expected record. */
  readonly from: string;
  /** The new record; undefined stops watching the request. */
  readonly to: string | undefined;
  /** When the request is due for its next read. */
  readonly dueInMs: number;
  readonly endpoints: readonly string[];
  /** Messages for each endpoint, in order. */
  readonly messages: readonly string[];
}

export interface QueuedMessage {
  readonly key: string;
  readonly message: string;
}

export interface StoreLimits {
  /** Requests watched at the same time. @default 10 000 */
  readonly maxWatched?: number;
  /** Requests with undelivered messages, per endpoint. @default 100 000 */
  readonly maxQueued?: number;
}

export const STORE_LIMITS = { maxWatched: 10_000, maxQueued: 100_000 } as const satisfies StoreLimits;

/** The store is unavailable. The message contains no stored data. */
export class WebhookStoreError extends Error {
  override readonly name = 'WebhookStoreError';
}

export interface MemoryStoreOptions extends StoreLimits {
  /** A monotonic clock in milliseconds. @default performance.now, which ignores changes of the system time */
  readonly now?: () => number;
}

interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
  readonly dueAt: number;
  /** Orders entries with the same due time by insertion. */
  readonly sequence: number;
}

/** A map whose entries have a due time, with fast access to the entry due first. */
class Schedule<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  /** Also holds replaced and deleted entries, which are dropped when they reach the front. */
  readonly #order = new TinyQueue<Entry<Value>>([], (a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence);
  #sequence = 0;

  get size(): number {
    return this.#entries.size;
  }

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
    const entry = { key, value, dueAt, sequence: (this.#sequence += 1) };
    this.#entries.set(key, entry);
    this.#order.push(entry);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}

/** Keeps webhooks in the memory of one gateway. Everything is lost when the process ends. */
export class MemoryWebhookStore implements WebhookStore {
  readonly isShared = false;
  readonly #maxWatched: number;
  readonly #maxQueued: number;
  readonly #now: () => number;
  readonly #watched = new Schedule<string>();
  /** The messages of each request, by endpoint. */
  readonly #queues = new Map<string, Schedule<readonly string[]>>();

  constructor(options: MemoryStoreOptions = {}) {
    const { maxWatched, maxQueued, now = () => performance.now() } = { ...STORE_LIMITS, ...options };
    this.#maxWatched = maxWatched;
    this.#maxQueued = maxQueued;
    this.#now = now;
  }

  async watch(key: string, record: string, dueInMs: number): Promise<string | undefined> {
    const known = this.#watched.get(key);
    if (known !== undefined) return known.value;
    if (this.#watched.size >= this.#maxWatched) return undefined;
    this.#watched.set(key, record, this.#now() + dueInMs);
    return record;
  }

  async takeWatched(count: number, leaseMs: number): Promise<Taken<WatchedRecord>> {
    const { items, nextMs } = this.#take(this.#watched, count, leaseMs);
    return { items: items.map(({ key, value }) => ({ key, record: value })), nextMs };
  }

  async recordOf(key: string): Promise<string | undefined> {
    return this.#watched.get(key)?.value;
  }

  async change(
    key: string,
    { from, to, dueInMs, endpoints, messages }: RecordChange,
  ): Promise<'stale' | readonly string[]> {
    if (this.#watched.get(key)?.value !== from) return 'stale';
    if (to === undefined) this.#watched.delete(key);
    else this.#watched.set(key, to, this.#now() + dueInMs);
    return messages.length === 0
      ? []
      : endpoints.filter((endpoint) => !this.#append(endpoint, key, messages));
  }

  async bringForward(key: string, dueInMs: number): Promise<void> {
    const known = this.#watched.get(key);
    const dueAt = this.#now() + dueInMs;
    if (known !== undefined && dueAt < known.dueAt) this.#watched.set(key, known.value, dueAt);
  }

  async takeQueued(endpoint: string, count: number, leaseMs: number): Promise<Taken<QueuedMessage>> {
    const { items, nextMs } = this.#take(this.#queueOf(endpoint), count, leaseMs);
    const heads = items.flatMap(({ key, value }) => value.slice(0, 1).map((message) => ({ key, message })));
    return { items: heads, nextMs };
  }

  async drop(endpoint: string, queued: QueuedMessage): Promise<boolean> {
    return this.#replaceFirst(endpoint, queued, [], 0);
  }

  async retry(
    endpoint: string,
    queued: QueuedMessage,
    replacement: string,
    dueInMs: number,
  ): Promise<boolean> {
    return this.#replaceFirst(endpoint, queued, [replacement], dueInMs);
  }

  async countQueued(endpoint: string): Promise<number> {
    return this.#queues.get(endpoint)?.size ?? 0;
  }

  async oldestWatchedMs(): Promise<number> {
    return this.#oldestMs(this.#watched);
  }

  async oldestQueuedMs(endpoint: string): Promise<number> {
    return this.#oldestMs(this.#queueOf(endpoint));
  }

  #queueOf(endpoint: string): Schedule<readonly string[]> {
    let found = this.#queues.get(endpoint);
    if (found === undefined) this.#queues.set(endpoint, (found = new Schedule()));
    return found;
  }

  /** Takes the due entries and leases them: they are due again when the lease ends. */
  #take<Value>(schedule: Schedule<Value>, count: number, leaseMs: number): Taken<Entry<Value>> {
    const at = this.#now();
    const items: Entry<Value>[] = [];
    let { first } = schedule;
    while (first !== undefined && first.dueAt <= at && items.length < count) {
      items.push(first);
      schedule.set(first.key, first.value, at + leaseMs);
      ({ first } = schedule);
    }
    return { items, nextMs: first && Math.max(0, first.dueAt - at) };
  }

  #oldestMs({ first }: Schedule<unknown>): number {
    return first === undefined ? 0 : Math.max(0, this.#now() - first.dueAt);
  }

  #append(endpoint: string, key: string, messages: readonly string[]): boolean {
    const schedule = this.#queueOf(endpoint);
    const queue = schedule.get(key);
    if (queue === undefined && schedule.size >= this.#maxQueued) return false;
    schedule.set(key, [...(queue?.value ?? []), ...messages], queue?.dueAt ?? this.#now());
    return true;
  }

  /** @returns false when another message is the first of the request */
  #replaceFirst(
    endpoint: string,
    { key, message }: QueuedMessage,
    replacement: readonly string[],
    dueInMs: number,
  ): boolean {
    const schedule = this.#queueOf(endpoint);
    const [first, ...others] = schedule.get(key)?.value ?? [];
    if (first !== message) return false;
    const messages = [...replacement, ...others];
    if (messages.length === 0) schedule.delete(key);
    else schedule.set(key, messages, this.#now() + dueInMs);
    return true;
  }
}
