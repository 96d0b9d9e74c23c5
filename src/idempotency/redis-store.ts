import { z } from 'zod';
import type { RedisConnection } from '../redis/connection.ts';
import { LUA_NOW } from '../redis/lua-now.ts';
import { RedisError } from '../redis/redis-errors.ts';
import { IdempotencyUnavailableError } from './idempotency-store.ts';
import type { Claim, Claimed, IdempotencyStore, SentCall, StoreOptions } from './idempotency-store.ts';

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
export class RedisIdempotencyStore implements IdempotencyStore {
  readonly isShared = true;
  readonly #redis: RedisConnection;
  readonly #options: Required<RedisStoreOptions>;

  constructor(redis: RedisConnection, options: RedisStoreOptions) {
    this.#redis = redis;
    this.#options = { putBackMs: options.leaseMs, ...options };
  }

  async beat(): Promise<void> {
    await this.#run(BEAT, [SINCE], [this.#options.ttlMs], z.unknown());
  }

  claim(name: string, { fingerprint, token }: Claim): Promise<Claimed> {
    const { ttlMs, leaseMs, putBackMs } = this.#options;
    return this.#run(
      CLAIM,
      [SINCE, recordOf(name)],
      [ttlMs, fingerprint, token, leaseMs, putBackMs],
      claimed,
    );
  }

  renew(name: string, { token, fingerprint }: Claim, call: SentCall | undefined): Promise<boolean> {
    const { ttlMs, leaseMs } = this.#options;
    return this.#change(RENEW, name, [token, fingerprint, leaseMs, ttlMs, ...argumentsOf(call)]);
  }

  recordSend(name: string, token: string, serviceTimeMs: number): Promise<boolean> {
    const { ttlMs, leaseMs } = this.#options;
    return this.#change(RECORD_SEND, name, [token, leaseMs, Math.round(serviceTimeMs), ttlMs]);
  }

  save(name: string, { token, fingerprint }: Claim, progress: string): Promise<boolean> {
    const { ttlMs, leaseMs } = this.#options;
    return this.#change(SAVE, name, [token, fingerprint, leaseMs, progress, ttlMs]);
  }

  complete(name: string, { token, fingerprint }: Claim, result: string): Promise<boolean> {
    return this.#change(COMPLETE, name, [token, fingerprint, result, this.#options.ttlMs]);
  }

  suspend(name: string, { token, fingerprint }: Claim, call: SentCall | undefined): Promise<boolean> {
    const { ttlMs } = this.#options;
    return this.#change(SUSPEND, name, [token, fingerprint, ttlMs, ...argumentsOf(call)]);
  }

  free(name: string, token: string): Promise<boolean> {
    return this.#change(FREE, name, [token]);
  }

  own(id: string, name: string): Promise<boolean> {
    return this.#run(OWN, [ownerKeyOf(id)], [name, this.#options.ttlMs], isDone);
  }

  ownerOf(id: string): Promise<string | undefined> {
    return this.#redis.ask((client) => client.get(ownerKeyOf(id)), orNothing(z.string())).catch(unavailable);
  }

  #change(script: string, name: string, args: readonly (string | number)[]): Promise<boolean> {
    return this.#run(script, [recordOf(name)], args, isDone);
  }

  #run<T>(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
    answer: z.ZodType<T>,
  ): Promise<T> {
    return this.#redis.run(script, keys, args, answer).catch(unavailable);
  }
}

const recordOf = (name: string): string => `${PREFIX}${name}`;
const ownerKeyOf = (id: string): string => `${PREFIX}owner:${id}`;

function argumentsOf(call: SentCall | undefined): number[] {
  if (call === undefined) return [];
  return [call.serviceTimeMs, call.sentMs, call.quietMs].map(Math.round);
}

function unavailable(failure: unknown): never {
  const code = failure instanceof RedisError ? failure.code : 'failed';
  throw new IdempotencyUnavailableError(`Redis: ${code}`, { cause: failure });
}

/*
 * The operations of the Redis store, each atomic. A record is a hash:
 *
 *   fingerprint  of the input
 *   token        of the current or the last holder
 *   lease        when the lease of the holder ends, in milliseconds on the clock of Redis; absent without a holder
 *   progress     the saved progress
 *   sent         when the unresolved call was recorded, on the clock of Redis; absent without an unresolved call
 *   service      the same time on the clock of the service
 *   quiet        when the sender stopped waiting for the response; absent while it may still wait
 *   result       the result
 *
 * A write that needs memory comes first, because a script fails at its first write, and not later, when Redis is out of memory.
 */

/** The time since which Redis has lost no data. It expires after twice the lifetime of a record, so that it outlives all of them. */
const READ_SINCE = `local since = redis.call('GET', KEYS[1])
if not since then
  since = now
  redis.call('SET', KEYS[1], since, 'PX', 2 * ARGV[1])
end
`;

/** KEYS since when records are kept; ARGV time to live in ms. */
const BEAT = `${LUA_NOW}${READ_SINCE}
redis.call('SET', KEYS[1], since, 'PX', 2 * ARGV[1])
`;

/**
 * KEYS since when records are kept, record; ARGV time to live in ms, fingerprint, token, lease in ms, ms in which holders can
 * restore lost records.
 */
const CLAIM = `${LUA_NOW}${READ_SINCE}
local fields = redis.call('HMGET', KEYS[2], 'fingerprint', 'result', 'lease', 'progress', 'sent', 'service', 'quiet')
local fingerprint, result, lease, progress, sent, service, quiet = unpack(fields)
local held = lease and tonumber(lease) > now
if not fingerprint or not (held or result or sent or progress) then
  if now - since < tonumber(ARGV[5]) then return {'busy'} end
  redis.call('HSET', KEYS[2], 'fingerprint', ARGV[2], 'token', ARGV[3], 'lease', now + ARGV[4])
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
  return {'first', tonumber(since), now - since}
end
if fingerprint ~= ARGV[2] then return {'conflict'} end
if result then return {'done', result} end
if held then return {'busy'} end
-- A holder without a renewal may have waited for the response until the end of its lease.
if sent and not quiet then quiet = lease or now end
redis.call('HSET', KEYS[2], 'token', ARGV[3], 'lease', now + ARGV[4], unpack(quiet and {'quiet', quiet} or {}))
return {'resumed', progress, sent and {tonumber(service), now - sent, now - quiet}, tonumber(since), now - since}
`;

const IF_MINE = `local token, lease = unpack(redis.call('HMGET', KEYS[1], 'token', 'lease'))
if token ~= ARGV[1] or not lease then return 0 end
`;

/** As above. A record that Redis has lost is restored from the holder's data. */
const IF_MINE_OR_LOST = `local token, lease = unpack(redis.call('HMGET', KEYS[1], 'token', 'lease'))
if token and (token ~= ARGV[1] or not lease) then return 0 end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'fingerprint', ARGV[2])
`;

/** KEYS record; ARGV token, fingerprint, lease in ms, time to live in ms, and perhaps of a call: service's time, ms ago. */
const RENEW = `${LUA_NOW}${IF_MINE_OR_LOST}
redis.call('HSET', KEYS[1], 'lease', now + ARGV[3])
if not token and ARGV[5] then redis.call('HSET', KEYS[1], 'service', ARGV[5], 'sent', now - ARGV[6]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`;

/** KEYS record; ARGV token, lease in ms, service's time in ms, time to live in ms. */
const RECORD_SEND = `${LUA_NOW}${IF_MINE}
redis.call('HSET', KEYS[1], 'lease', now + ARGV[2], 'sent', now, 'service', ARGV[3])
redis.call('HDEL', KEYS[1], 'quiet')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`;

/** KEYS record; ARGV token, fingerprint, lease in ms, progress, time to live in ms. */
const SAVE = `${LUA_NOW}${IF_MINE_OR_LOST}
redis.call('HSET', KEYS[1], 'lease', now + ARGV[3], 'progress', ARGV[4])
redis.call('HDEL', KEYS[1], 'sent', 'service', 'quiet')
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1
`;

/** KEYS record; ARGV token, fingerprint, result, time to live in ms. */
const COMPLETE = `${IF_MINE_OR_LOST}
redis.call('HSET', KEYS[1], 'result', ARGV[3])
redis.call('HDEL', KEYS[1], 'lease', 'progress', 'sent', 'service', 'quiet')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`;

/** KEYS record; ARGV token, fingerprint, time to live in ms, and perhaps of a call: service's time, ms ago, quiet for ms. */
const SUSPEND = `${LUA_NOW}${IF_MINE_OR_LOST}
if ARGV[4] then
  redis.call('HSET', KEYS[1], 'service', ARGV[4], 'sent', now - ARGV[5], 'quiet', now - ARGV[6])
else
  redis.call('HDEL', KEYS[1], 'sent', 'service', 'quiet')
end
redis.call('HDEL', KEYS[1], 'lease')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`;

/** KEYS record; ARGV token. */
const FREE = `${IF_MINE}
return redis.call('DEL', KEYS[1])
`;

/** KEYS owner; ARGV name, time to live in ms. */
const OWN = `local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;
