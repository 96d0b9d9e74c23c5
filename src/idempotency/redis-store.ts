import { z } from 'zod';
import type { RedisConnection } from '../redis/connection.ts';
import { RedisError } from '../redis/redis-errors.ts';
import { BEAT, CLAIM, COMPLETE, FREE, OWN, RECORD_SEND, RENEW, SAVE, SUSPEND } from './redis-scripts.ts';
import { IdempotencyUnavailableError } from './store.ts';
import type { Claimed, IdempotencyStore, SentCall, StoreOptions } from './store.ts';

export interface RedisStoreOptions extends StoreOptions {
  /** How long a holder keeps its key after a renewal, in milliseconds. */
  readonly leaseMs: number;
  /**
   * How long keys can only be restored by their holders, and not claimed, after Redis has lost its data, in milliseconds.
   * @default leaseMs
   */
  readonly putBackMs?: number;
}

const PREFIX = 'sigillo:idempotency:{keys}:';
/** Written by the first gateway. If it is missing, Redis has lost its data, including every record. */
const SINCE = `${PREFIX}since`;

/** Lua's `false` arrives as null. */
const orNothing = <T extends z.ZodType>(value: T) => value.nullish().transform((given) => given ?? undefined);
const sent = z
  .tuple([z.number(), z.number(), z.number()])
  .transform(([serviceTimeMs, sentMs, quietMs]) => ({ serviceTimeMs, sentMs, quietMs }));
const claimed: z.ZodType<Claimed> = z.union([
  z
    .tuple([z.literal('first'), z.number(), z.number()])
    .transform(([kind, keptSince, keptMs]) => ({ kind, keptSince, keptMs })),
  z.tuple([z.enum(['busy', 'conflict'])]).transform(([kind]) => ({ kind })),
  z.tuple([z.literal('done'), z.string()]).transform(([kind, result]) => ({ kind, result })),
  z
    .tuple([z.literal('resumed'), orNothing(z.string()), orNothing(sent), z.number(), z.number()])
    .transform(([kind, progress, call, keptSince, keptMs]) => ({
      kind,
      progress,
      sent: call,
      keptSince,
      keptMs,
    })),
]);
const isDone = z.literal([0, 1]).transform((flag) => flag === 1);

/**
 * Keeps keys in a Redis that gateways share. In a cluster they are in one slot, which loses all of them or none, so that
 * `SINCE` shows whether any are missing. All times are on the clock of Redis, so the clocks of the gateways may differ.
 */
export function createRedisStore(redis: RedisConnection, options: RedisStoreOptions): IdempotencyStore {
  const { ttlMs, leaseMs, putBackMs = leaseMs } = options;
  const record = (name: string): string => `${PREFIX}${name}`;
  const owner = (id: string): string => `${PREFIX}owner:${id}`;

  const run = <T>(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
    answer: z.ZodType<T>,
  ): Promise<T> => redis.run(script, keys, args, answer).catch(unavailable);
  const change = (script: string, name: string, ...args: (string | number)[]): Promise<boolean> =>
    run(script, [record(name)], args, isDone);

  return {
    isShared: true,
    beat: () =>
      run(
        BEAT,
        [SINCE],
        [ttlMs],
        z.unknown().transform(() => undefined),
      ),
    claim: (name, { fingerprint, token }) =>
      run(CLAIM, [SINCE, record(name)], [ttlMs, fingerprint, token, leaseMs, putBackMs], claimed),
    renew: (name, { token, fingerprint }, call) =>
      change(RENEW, name, token, fingerprint, leaseMs, ttlMs, ...argumentsOf(call)),
    recordSend: (name, token, serviceTimeMs) =>
      change(RECORD_SEND, name, token, leaseMs, Math.round(serviceTimeMs), ttlMs),
    save: (name, { token, fingerprint }, progress) =>
      change(SAVE, name, token, fingerprint, leaseMs, progress, ttlMs),
    complete: (name, { token, fingerprint }, result) =>
      change(COMPLETE, name, token, fingerprint, result, ttlMs),
    suspend: (name, { token, fingerprint }, call) =>
      change(SUSPEND, name, token, fingerprint, ttlMs, ...argumentsOf(call)),
    free: (name, token) => change(FREE, name, token),
    own: (id, name) => run(OWN, [owner(id)], [name, ttlMs], isDone),
    ownerOf: (id) => redis.ask((client) => client.get(owner(id)), orNothing(z.string())).catch(unavailable),
  };
}

function argumentsOf(call: SentCall | undefined): number[] {
  if (call === undefined) return [];
  return [call.serviceTimeMs, call.sentMs, call.quietMs].map(Math.round);
}

function unavailable(failure: unknown): never {
  const code = failure instanceof RedisError ? failure.code : 'failed';
  throw new IdempotencyUnavailableError(`Redis: ${code}`, { cause: failure });
}
