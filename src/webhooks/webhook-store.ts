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
