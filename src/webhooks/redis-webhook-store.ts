import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RedisConnection } from '../redis/connection.ts';
import { RedisError } from '../redis/redis-errors.ts';
import { BRING_FORWARD, CHANGE, OLDEST, REPLACE_FIRST, TAKE, WATCH } from './redis-webhook-scripts.ts';
import { STORE_LIMITS, WebhookStoreError } from './webhook-store.ts';
import type {
  QueuedMessage,
  RecordChange,
  StoreLimits,
  Taken,
  WatchedRecord,
  WebhookStore,
} from './webhook-store.ts';

export interface RedisStoreOptions extends StoreLimits {
  /** The upstream service. Gateways of different services share nothing. */
  readonly realm: string;
}

const DAY_MS = 24 * 60 * 60_000;
/** Counted from the last change, and longer than a request usually lives: it only removes what a retired gateway leaves. */
const RECORDS_TTL_MS = 400 * DAY_MS;
/** Longer than the longest time to deliver an event (a week). */
const QUEUES_TTL_MS = 14 * DAY_MS;

/** Lua's `false` arrives as null. */
const optionalText = z
  .string()
  .nullable()
  .transform((value) => value ?? undefined);
const taken = z.tuple([z.number()], z.string());
const messageList = z.tuple([z.string()], z.unknown());
const fullQueues = z.array(z.number()).nullable();
const flag = z.literal([0, 1]).transform((value) => value === 1);

/** The first of a list of messages, as `messagesIn` of the scripts reads it. */
function firstOf(text: string): string {
  try {
    return messageList.parse(JSON.parse(text))[0];
  } catch {
    return text;
  }
}

/**
 * Keeps webhooks in a Redis that gateways share. All keys have one hash tag, so that a cluster keeps them on one node. All
 * times are on the clock of Redis, so the clocks of the gateways may differ.
 */
export class RedisWebhookStore implements WebhookStore {
  readonly isShared = true;
  readonly #redis: RedisConnection;
  readonly #maxWatched: number;
  readonly #maxQueued: number;
  readonly #prefix: string;
  readonly #due: string;
  readonly #records: string;

  constructor(redis: RedisConnection, options: RedisStoreOptions) {
    const { realm, maxWatched, maxQueued } = { ...STORE_LIMITS, ...options };
    this.#redis = redis;
    this.#maxWatched = maxWatched;
    this.#maxQueued = maxQueued;
    const hash = createHash('sha256').update(realm).digest('base64url').slice(0, 22);
    this.#prefix = `sigillo:{webhooks:${hash}}`;
    this.#due = `${this.#prefix}:due`;
    this.#records = `${this.#prefix}:records`;
  }

  watch(key: string, record: string, dueInMs: number): Promise<string | undefined> {
    const args = [key, record, Math.ceil(dueInMs), this.#maxWatched, RECORDS_TTL_MS];
    return this.#run(WATCH, [this.#due, this.#records], args, optionalText);
  }

  async takeWatched(count: number, leaseMs: number): Promise<Taken<WatchedRecord>> {
    const { items, nextMs } = await this.#take([this.#due, this.#records], count, leaseMs);
    return { items: items.map(([key, record]) => ({ key, record })), nextMs };
  }

  recordOf(key: string): Promise<string | undefined> {
    return this.#redis.ask((client) => client.hget(this.#records, key), optionalText).catch(unavailable);
  }

  async change(
    key: string,
    { from, to = '', dueInMs, endpoints, messages }: RecordChange,
  ): Promise<'stale' | readonly string[]> {
    const keys = [this.#due, this.#records, ...endpoints.flatMap((endpoint) => this.#queueOf(endpoint))];
    const times = [Math.ceil(dueInMs), this.#maxQueued, RECORDS_TTL_MS, QUEUES_TTL_MS];
    const full = await this.#run(CHANGE, keys, [key, from, to, ...times, ...messages], fullQueues);
    return full === null ? 'stale' : full.flatMap((position) => endpoints[position - 1] ?? []);
  }

  async bringForward(key: string, dueInMs: number): Promise<void> {
    await this.#run(BRING_FORWARD, [this.#due], [key, Math.ceil(dueInMs)], flag);
  }

  async takeQueued(endpoint: string, count: number, leaseMs: number): Promise<Taken<QueuedMessage>> {
    const { items, nextMs } = await this.#take(this.#queueOf(endpoint), count, leaseMs);
    return { items: items.map(([key, list]) => ({ key, message: firstOf(list) })), nextMs };
  }

  drop(endpoint: string, queued: QueuedMessage): Promise<boolean> {
    return this.#replaceFirst(endpoint, queued, '', 0);
  }

  retry(endpoint: string, queued: QueuedMessage, replacement: string, dueInMs: number): Promise<boolean> {
    return this.#replaceFirst(endpoint, queued, replacement, dueInMs);
  }

  countQueued(endpoint: string): Promise<number> {
    const [, queue] = this.#queueOf(endpoint);
    return this.#redis.ask((client) => client.hlen(queue), z.number()).catch(unavailable);
  }

  oldestWatchedMs(): Promise<number> {
    return this.#oldestMs(this.#due);
  }

  oldestQueuedMs(endpoint: string): Promise<number> {
    return this.#oldestMs(this.#queueOf(endpoint)[0]);
  }

  /** The two keys of a queue. Their names are those of earlier releases, which may share the Redis. */
  #queueOf(endpoint: string): [string, string] {
    return [`${this.#prefix}:turns:${endpoint}`, `${this.#prefix}:queue:${endpoint}`];
  }

  #run<T>(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
    answer: z.ZodType<T>,
  ): Promise<T> {
    return this.#redis.run(script, keys, args, answer).catch(unavailable);
  }

  async #take(keys: [string, string], count: number, leaseMs: number): Promise<Taken<[string, string]>> {
    const [next, ...pairs] = await this.#run(TAKE, keys, [count, leaseMs], taken);
    const items = pairs.flatMap((name, at): [string, string][] =>
      at % 2 === 0 ? [[name, pairs[at + 1] ?? '']] : [],
    );
    return { items, nextMs: next === -1 ? undefined : next };
  }

  #replaceFirst(
    endpoint: string,
    { key, message }: QueuedMessage,
    replacement: string,
    dueInMs: number,
  ): Promise<boolean> {
    const args = [key, message, replacement, Math.ceil(dueInMs)];
    return this.#run(REPLACE_FIRST, this.#queueOf(endpoint), args, flag);
  }

  #oldestMs(key: string): Promise<number> {
    return this.#run(OLDEST, [key], [], z.number());
  }
}

function unavailable(failure: unknown): never {
  const code = failure instanceof RedisError ? failure.code : 'failed';
  throw new WebhookStoreError(`Redis: ${code}`, { cause: failure });
}
