/**
 * What webhooks must remember: which requests are watched and what was told of them, and the events that are on their way
 * to each endpoint. Keys, records and messages are text (`messages.ts`), which is compared and not looked into.
 *
 * Whoever takes something has it for a while (`leaseMs`); what they do not answer for in that time others may take. All
 * times are durations, counted by the store's own clock.
 *
 * Each method throws `WebhookStoreError` when the store cannot be asked.
 */
export interface WebhookStore {
  /** Whether other gateways use it, and it outlives this one. */
  readonly isShared: boolean;

  /** Begins to watch a request, unless somebody does. @returns what is told of it; undefined: no more can be watched. */
  watch(key: string, record: string, dueInMs: number): Promise<string | undefined>;
  /** Requests that should be read now, those that have waited longest first. */
  takeWatched(count: number, leaseMs: number): Promise<Taken<WatchedRecord>>;
  recordOf(key: string): Promise<string | undefined>;
  /**
   * Replaces what is told of a request and queues what there is to tell, in one step.
   * @returns `stale`: somebody else was faster, and nothing has happened. Else the endpoints whose queues were too long.
   */
  change(key: string, change: RecordChange): Promise<'stale' | readonly string[]>;
  /** A watched request should be read soon. */
  hurry(key: string, dueInMs: number): Promise<void>;

  /** The first message of each request whose turn it is; none of a request of which one is being sent. */
  takeQueued(endpoint: string, count: number, leaseMs: number): Promise<Taken<QueuedMessage>>;
  /** Takes the first message of a request away, so that the next has its turn. @returns false: it was not the first. */
  drop(endpoint: string, queued: QueuedMessage): Promise<boolean>;
  /** Puts another in its place, whose turn comes later. */
  retry(endpoint: string, queued: QueuedMessage, replacement: string, inMs: number): Promise<boolean>;
  /** Requests that have something on the way to an endpoint. */
  countQueued(endpoint: string): Promise<number>;

  /** For how many milliseconds the oldest watched request has been due and is not being read; 0 when there is none. */
  oldestWatchedMs(): Promise<number>;
  /** Likewise, of the messages for an endpoint that are not being sent. */
  oldestQueuedMs(endpoint: string): Promise<number>;
}

export interface Taken<Item> {
  readonly items: readonly Item[];
  /** When there will be more. Undefined: nothing is planned. */
  readonly nextMs: number | undefined;
}

export interface WatchedRecord {
  readonly key: string;
  readonly record: string;
}

export interface RecordChange {
  /** What it was. */
  readonly from: string;
  /** Undefined: nothing comes any more, and it is forgotten. */
  readonly to: string | undefined;
  /** When to read it next. */
  readonly dueInMs: number;
  readonly endpoints: readonly string[];
  /** For each of the endpoints, in this order. */
  readonly messages: readonly string[];
}

export interface QueuedMessage {
  readonly key: string;
  readonly message: string;
}

export interface StoreLimits {
  /** Requests that are watched at the same time. @default 10 000 */
  readonly maxWatched?: number;
  /** Requests that have something on the way to one endpoint. @default 100 000 */
  readonly maxQueued?: number;
}

export const STORE_LIMITS = { maxWatched: 10_000, maxQueued: 100_000 } as const satisfies StoreLimits;

/** What webhooks need cannot be kept at the moment. The message holds nothing of what was to be kept. */
export class WebhookStoreError extends Error {
  override readonly name = 'WebhookStoreError';
}
