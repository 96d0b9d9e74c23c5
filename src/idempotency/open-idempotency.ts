import type { GatewayEvents } from '../observability/events.ts';
import type { RedisConnection } from '../redis/connection.ts';
import type { ServiceClock } from '../upstream/pipeline/service-clock.ts';
import { createIdempotency, IDEMPOTENCY_TIMES } from './idempotency.ts';
import type { Idempotency, IdempotencyTimes } from './idempotency.ts';
import { createMemoryStore } from './memory-store.ts';
import { createRedisStore } from './redis-store.ts';

export interface OpenOptions {
  /** Without one, keys are kept in this process and forgotten with it. */
  readonly redis: RedisConnection | undefined;
  /** The service that is called. */
  readonly realm: string;
  readonly times: Partial<IdempotencyTimes>;
  readonly clock: ServiceClock;
  readonly events: GatewayEvents;
}

/** The idempotency keys of a gateway, in the store that it has. */
export function openIdempotency({ redis, realm, times: given, clock, events }: OpenOptions): Idempotency {
  const times = { ...IDEMPOTENCY_TIMES, ...given };
  const ttlMs = times.ttl;
  const store =
    redis === undefined
      ? createMemoryStore({ ttlMs })
      : createRedisStore(redis, { ttlMs, leaseMs: times.lease });
  return createIdempotency({ store, realm, times, clock, events });
}
