import { z } from 'zod';
import type { RedisConnection } from '../redis/connection.ts';
import { RedisError } from '../redis/errors.ts';
import { CLAIM, COMPLETE, FREE, OWN, RENEW, SAVE, SUSPEND } from './redis-scripts.ts';
import { IdempotencyUnavailableError } from './store.ts';
import type { Claimed, IdempotencyStore, StoreOptions } from './store.ts';

export interface RedisStoreOptions extends StoreOptions {
  /** How long a holder counts as alive after a word from them, in milliseconds. */
  readonly leaseMs: number;
}

/** Lua's false, which stands for nothing, is null on the wire. */
const orNothing = <T extends z.ZodType>(value: T) => value.nullish().transform((given) => given ?? undefined);
const claimed: z.ZodType<Claimed> = z.union([
  z.tuple([z.enum(['first', 'busy', 'conflict'])]).transform(([kind]) => ({ kind })),
  z.tuple([z.literal('done'), z.string()]).transform(([kind, result]) => ({ kind, result })),
  z
    .tuple([z.literal('resumed'), orNothing(z.string()), z.number(), z.number(), orNothing(z.number())])
    .transform(([kind, progress, startedAt, ageMs, doubtMs]) => ({
      kind,
      progress,
      startedAt,
      ageMs,
      doubtMs,
    })),
]);
const isDone = z.literal([0, 1]).transform((flag) => flag === 1);

/**
 * Keys for all gateways that share a Redis. Each record is one key of Redis, so a cluster will do. All times are of
 * Redis's clock, so those of the gateways do not matter.
 */
export function createRedisStore(redis: RedisConnection, options: RedisStoreOptions): IdempotencyStore {
  const { ttlMs, leaseMs } = options;
  const record = (name: string): string => `sigillo:idempotency:${name}`;
  const owner = (id: string): string => `sigillo:idempotency:owner:${id}`;

  const run = <T>(
    script: string,
    key: string,
    args: readonly (string | number)[],
    answer: z.ZodType<T>,
  ): Promise<T> => redis.run(script, [key], args, answer).catch(unavailable);
  const change = (script: string, name: string, ...args: (string | number)[]): Promise<boolean> =>
    run(script, record(name), args, isDone);

  return {
    isShared: true,
    claim: (name, { fingerprint, token }) =>
      run(CLAIM, record(name), [fingerprint, token, leaseMs, ttlMs], claimed),
    renew: (name, token) => change(RENEW, name, token, leaseMs),
    save: (name, token, progress) => change(SAVE, name, token, leaseMs, progress, ttlMs),
    complete: (name, token, result) => change(COMPLETE, name, token, result, ttlMs),
    suspend: (name, token, doubt) => change(SUSPEND, name, token, doubt, ttlMs),
    free: (name, token) => change(FREE, name, token),
    own: (id, name) => run(OWN, owner(id), [name, ttlMs], isDone),
    ownerOf: (id) => redis.ask((client) => client.get(owner(id)), orNothing(z.string())).catch(unavailable),
  };
}

function unavailable(failure: unknown): never {
  if (failure instanceof RedisError) throw new IdempotencyUnavailableError(failure.message);
  throw failure;
}
