import { z } from 'zod';
import type { RedisConnection } from '../redis/connection.ts';
import { RedisError } from '../redis/redis-errors.ts';
import { BEAT, CLAIM, COMPLETE, FREE, OWN, RECORD_SEND, RENEW, SAVE, SUSPEND } from './redis-scripts.ts';
import { IdempotencyUnavailableError } from './store.ts';
import type { Claim, Claimed, IdempotencyStore, SentCall, StoreOptions } from './store.ts';

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
