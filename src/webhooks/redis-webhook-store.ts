import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RedisConnection } from '../redis/connection.ts';
import { RedisError } from '../redis/redis-errors.ts';
import { CHANGE, HURRY, OLDEST, SETTLE, TAKE, WATCH } from './redis-webhook-scripts.ts';
import { STORE_LIMITS, WebhookStoreError } from './webhook-store.ts';
import type { QueuedMessage, StoreLimits, Taken, WebhookStore } from './webhook-store.ts';

export interface RedisStoreOptions extends StoreLimits {
  /** The service that is watched: those who watch another have nothing in common with this one. */
  readonly realm: string;
}

const DAY_MS = 24 * 60 * 60_000;
/** Counted from the last change: longer than requests commonly live, so that nothing stays of a gateway that is no more. */
const RECORDS_TTL_MS = 400 * DAY_MS;
/** Longer than any message is tried (a week). */
const QUEUES_TTL_MS = 14 * DAY_MS;

/** Lua's false, which stands for nothing, is null on the wire. */
const orNothing = z
  .string()
  .nullable()
  .transform((given) => given ?? undefined);
const taken = z.tuple([z.number()], z.string());
const messages = z.tuple([z.string()], z.unknown());
const full = z.array(z.number()).nullable();
const isDone = z.literal([0, 1]).transform((flag) => flag === 1);

/** As `messagesIn` of the scripts. */
function firstOf(text: string): string {
  try {
    return messages.parse(JSON.parse(text))[0];
  } catch {
    return text;
  }
}

/**
 * For all gateways that share a Redis. All keys have one hash tag, so in a cluster they lie together. All times are of
 * Redis's clock, so those of the gateways do not matter.
 */
export function createRedisStore(redis: RedisConnection, options: RedisStoreOptions): WebhookStore {
  const { realm, maxWatched, maxQueued } = { ...STORE_LIMITS, ...options };
  const prefix = `sigillo:{webhooks:${createHash('sha256').update(realm).digest('base64url').slice(0, 22)}}`;
  const [due, records] = [`${prefix}:due`, `${prefix}:records`];
  const queueOf = (endpoint: string): [string, string] => [
    `${prefix}:turns:${endpoint}`,
    `${prefix}:queue:${endpoint}`,
  ];

  const run = <T>(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
    answer: z.ZodType<T>,
  ): Promise<T> => redis.run(script, keys, args, answer).catch(unavailable);

  async function take(
    keys: [string, string],
    count: number,
    leaseMs: number,
  ): Promise<Taken<[string, string]>> {
    const [next, ...names] = await run(TAKE, keys, [count, leaseMs], taken);
    const items = names.flatMap((name, at): [string, string][] =>
      at % 2 === 0 ? [[name, names[at + 1] ?? '']] : [],
    );
    return { items, nextMs: next === -1 ? undefined : next };
  }

  const settle = (
    endpoint: string,
    { key, message }: QueuedMessage,
    to: string,
    inMs: number,
  ): Promise<boolean> => run(SETTLE, queueOf(endpoint), [key, message, to, Math.ceil(inMs)], isDone);

  const oldestMs = (key: string): Promise<number> => run(OLDEST, [key], [], z.number());

  return {
    isShared: true,
    watch: (key, record, dueInMs) =>
      run(WATCH, [due, records], [key, record, Math.ceil(dueInMs), maxWatched, RECORDS_TTL_MS], orNothing),
    async takeWatched(count, leaseMs) {
      const { items, nextMs } = await take([due, records], count, leaseMs);
      return { items: items.map(([key, record]) => ({ key, record })), nextMs };
    },
    recordOf: (key) => redis.ask((client) => client.hget(records, key), orNothing).catch(unavailable),
    async change(key, { from, to = '', dueInMs, endpoints, messages }) {
      const keys = [due, records, ...endpoints.flatMap(queueOf)];
      const times = [Math.ceil(dueInMs), maxQueued, RECORDS_TTL_MS, QUEUES_TTL_MS];
      const answer = await run(CHANGE, keys, [key, from, to, ...times, ...messages], full);
      return answer === null ? 'stale' : answer.flatMap((nth) => endpoints[nth - 1] ?? []);
    },
    async hurry(key, dueInMs) {
      await run(HURRY, [due], [key, Math.ceil(dueInMs)], isDone);
    },
    async takeQueued(endpoint, count, leaseMs) {
      const { items, nextMs } = await take(queueOf(endpoint), count, leaseMs);
      return { items: items.map(([key, list]) => ({ key, message: firstOf(list) })), nextMs };
    },
    drop: (endpoint, queued) => settle(endpoint, queued, '', 0),
    retry: (endpoint, queued, replacement, inMs) => settle(endpoint, queued, replacement, inMs),
    countQueued: (endpoint) =>
      redis.ask((client) => client.hlen(queueOf(endpoint)[1]), z.number()).catch(unavailable),
    oldestWatchedMs: () => oldestMs(due),
    oldestQueuedMs: (endpoint) => oldestMs(queueOf(endpoint)[0]),
  };
}

function unavailable(failure: unknown): never {
  const code = failure instanceof RedisError ? failure.code : 'failed';
  throw new WebhookStoreError(`Redis: ${code}`, { cause: failure });
}
