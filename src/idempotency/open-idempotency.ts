import type { GatewayEvents } from '../observability/events.ts';
import type { RedisConnection } from '../redis/connection.ts';
import type { ServiceClock } from '../upstream/pipeline/service-clock.ts';
import { createIdempotency, IDEMPOTENCY_TIMES } from './idempotency.ts';
import type { Idempotency, IdempotencyTimes } from './idempotency.ts';
import { createMemoryStore } from './memory-store.ts';
import { createRedisStore } from './redis-store.ts';

export interface OpenOptions {
  /** Without Redis, keys are kept in memory and lost with the process. */
  readonly redis: RedisConnection | undefined;
  /** The upstream service. */
  readonly realm: string;
  readonly times: Partial<IdempotencyTimes>;
  readonly clock: ServiceClock;
  readonly events: GatewayEvents;
}

/** The idempotency keys of a gateway, in Redis or in memory. */
export function openIdempotency({ redis, realm, times: given, clock, events }: OpenOptions): Idempotency {
  const times = { ...IDEMPOTENCY_TIMES, ...given };
  const ttlMs = times.ttl;
  const store =
    redis === undefined
      ? createMemoryStore({ ttlMs })
      : createRedisStore(redis, { ttlMs, leaseMs: times.lease });
  return createIdempotency({ store, realm, times, clock, events });
}
