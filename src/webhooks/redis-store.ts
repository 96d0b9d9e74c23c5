import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { CHANGE, HURRY, OLDEST, SETTLE, TAKE, WATCH } from './redis-scripts.ts';
import { STORE_LIMITS, WebhookStoreError } from './store.ts';
import type { QueuedMessage, StoreLimits, Taken, WebhookStore } from './store.ts';

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
const heads = z.array(z.string()).min(1);
const full = z.array(z.number()).nullable();
const isDone = z.literal([0, 1]).transform((flag) => flag === 1);

/**
 * For all gateways that share a Redis. All keys have one hash tag, so in a cluster they lie together. All times are of
 * Redis's clock, so those of the gateways do not matter.
 */
export function createRedisStore(redis: Redis, options: RedisStoreOptions): WebhookStore {
  const { realm, maxWatched, maxQueued } = { ...STORE_LIMITS, ...options };
  const prefix = `sigillo:{webhooks:${createHash('sha256').update(realm).digest('base64url').slice(0, 22)}}`;
  const [due, records] = [`${prefix}:due`, `${prefix}:records`];
  const queueOf = (endpoint: string): [string, string] => [
    `${prefix}:turns:${endpoint}`,
    `${prefix}:queue:${endpoint}`,
  ];

  async function run<T>(work: () => Promise<unknown>, answer: z.ZodType<T>): Promise<T> {
    try {
      return answer.parse(await work());
    } catch (error) {
      // Not as the cause: ioredis puts the command and its arguments there.
      throw new WebhookStoreError(error instanceof Error ? error.message : 'Redis failed');
    }
  }

  async function take(
    keys: [string, string],
    count: number,
    leaseMs: number,
  ): Promise<Taken<[string, string]>> {
    const [next, ...names] = await run(() => redis.eval(TAKE, 2, ...keys, count, leaseMs), taken);
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
  ): Promise<boolean> =>
    run(() => redis.eval(SETTLE, 2, ...queueOf(endpoint), key, message, to, Math.ceil(inMs)), isDone);

  const oldestMs = (key: string): Promise<number> => run(() => redis.eval(OLDEST, 1, key), z.number());

  return {
    isShared: true,
    watch: (key, record, dueInMs) =>
      run(
        () => redis.eval(WATCH, 2, due, records, key, record, Math.ceil(dueInMs), maxWatched, RECORDS_TTL_MS),
        orNothing,
      ),
    async takeWatched(count, leaseMs) {
      const { items, nextMs } = await take([due, records], count, leaseMs);
      return { items: items.map(([key, record]) => ({ key, record })), nextMs };
    },
    recordOf: (key) => run(() => redis.hget(records, key), orNothing),
    async change(key, { from, to = '', dueInMs, endpoints, messages }) {
      const keys = [due, records, ...endpoints.flatMap(queueOf)];
      const times = [Math.ceil(dueInMs), maxQueued, RECORDS_TTL_MS, QUEUES_TTL_MS];
      const answer = await run(
        () => redis.eval(CHANGE, keys.length, ...keys, key, from, to, ...times, ...messages),
        full,
      );
      return answer === null ? 'stale' : answer.flatMap((nth) => endpoints[nth - 1] ?? []);
    },
    async hurry(key, dueInMs) {
      await run(() => redis.eval(HURRY, 1, due, key, Math.ceil(dueInMs)), isDone);
    },
    async takeQueued(endpoint, count, leaseMs) {
      const { items, nextMs } = await take(queueOf(endpoint), count, leaseMs);
      const first = (list: string): string => heads.parse(JSON.parse(list))[0] ?? '';
      return { items: items.map(([key, list]) => ({ key, message: first(list) })), nextMs };
    },
    drop: (endpoint, queued) => settle(endpoint, queued, '', 0),
    retry: (endpoint, queued, replacement, inMs) => settle(endpoint, queued, replacement, inMs),
    countQueued: (endpoint) => run(() => redis.hlen(queueOf(endpoint)[1]), z.number()),
    oldestWatchedMs: () => oldestMs(due),
    oldestQueuedMs: (endpoint) => oldestMs(queueOf(endpoint)[0]),
  };
}
