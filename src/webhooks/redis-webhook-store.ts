import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RedisConnection } from '../redis/connection.ts';
import { LUA_NOW } from '../redis/lua-now.ts';
import { RedisError } from '../redis/redis-errors.ts';
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

/*
 * The operations of the Redis store, each atomic. The keys:
 *
 *   records              hash: request -> its record
 *   due                  sorted set: request -> when its next read is due, in milliseconds on the clock of Redis
 *   queue (per endpoint) hash: request -> a JSON list of messages
 *   turns (per endpoint) sorted set: request -> when its first message is due
 */

/** Text that is not a list of messages counts as one unreadable message, which the delivery gives up. */
const MESSAGES = `local function messagesIn(text)
  local isRead, list = pcall(cjson.decode, text)
  if isRead and type(list) == 'table' and type(list[1]) == 'string' then return list end
  return { text }
end
`;

/** KEYS due, records; ARGV request, record, due in ms, limit of requests, time to live in ms. */
const WATCH = `${LUA_NOW}
local known = redis.call('HGET', KEYS[2], ARGV[1])
if known then return known end
if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) then return false end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return ARGV[2]
`;

/** KEYS turns or due, queue or records; ARGV count, lease in ms. Returns the milliseconds until the next one is due, then pairs. */
const TAKE = `${LUA_NOW}
local taken = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local value = redis.call('HGET', KEYS[2], name)
  if value then
    redis.call('ZADD', KEYS[1], now + ARGV[2], name)
    taken[#taken + 1] = name
    taken[#taken + 1] = value
  else
    redis.call('ZREM', KEYS[1], name)
  end
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
table.insert(taken, 1, first[2] and math.ceil(math.max(0, first[2] - now)) or -1)
return taken
`;

/**
 * KEYS due, records, then turns and queue of each endpoint;
 * ARGV request, expected record, new record or an empty string, due in ms, limit of requests in a queue, time to live in ms of
 * records and of queues, then the messages. Returns the positions of the endpoints whose queues are full, from 1.
 */
const CHANGE = `${LUA_NOW}${MESSAGES}
local name = ARGV[1]
if redis.call('HGET', KEYS[2], name) ~= ARGV[2] then return false end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[2], name)
  redis.call('ZREM', KEYS[1], name)
else
  redis.call('HSET', KEYS[2], name, ARGV[3])
  redis.call('ZADD', KEYS[1], now + ARGV[4], name)
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  redis.call('PEXPIRE', KEYS[2], ARGV[6])
end
local full = {}
if #ARGV < 8 then return full end
for at = 3, #KEYS, 2 do
  local turns, queue = KEYS[at], KEYS[at + 1]
  local before = redis.call('HGET', queue, name)
  if not before and redis.call('HLEN', queue) >= tonumber(ARGV[5]) then
    full[#full + 1] = (at - 1) / 2
  else
    local list = before and messagesIn(before) or {}
    for message = 8, #ARGV do list[#list + 1] = ARGV[message] end
    redis.call('HSET', queue, name, cjson.encode(list))
    redis.call('ZADD', turns, 'NX', now, name)
    redis.call('PEXPIRE', turns, ARGV[7])
    redis.call('PEXPIRE', queue, ARGV[7])
  end
end
return full
`;

/** KEYS due; ARGV request, due in ms. */
const BRING_FORWARD = `${LUA_NOW}
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if due and tonumber(due) > now + ARGV[2] then redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1]) end
return 1
`;

/** KEYS turns, queue; ARGV request, first message, its replacement or an empty string, due in ms. */
const REPLACE_FIRST = `${LUA_NOW}${MESSAGES}
local before = redis.call('HGET', KEYS[2], ARGV[1])
if not before then return 0 end
local list = messagesIn(before)
if list[1] ~= ARGV[2] then return 0 end
if ARGV[3] == '' then table.remove(list, 1) else list[1] = ARGV[3] end
if #list == 0 then
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[2], ARGV[1], cjson.encode(list))
  redis.call('ZADD', KEYS[1], now + ARGV[4], ARGV[1])
end
return 1
`;

/** KEYS turns or due. Returns how long the oldest has been due, in milliseconds. */
const OLDEST = `${LUA_NOW}
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return first[2] and math.max(0, now - first[2]) or 0
`;
