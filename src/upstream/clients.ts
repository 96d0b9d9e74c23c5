import { createHash } from 'node:crypto';
import type { GatewayEvents } from '../observability/events.ts';
import type { Queues } from '../observability/queues.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { LocalWindow } from './rate-limit/local-window.ts';
import { RateLimiter } from './rate-limit/rate-limiter.ts';
import type { RateLimit, RateWindow } from './rate-limit/rate-window.ts';
import { SharedWindow } from './rate-limit/shared-window.ts';
import { withRateLimiter } from './rate-limit/with-rate-limiter.ts';
import type { CircuitBreaker } from './pipeline/circuit-breaker.ts';
import type { ClientDecorator, UpstreamClient } from './client.ts';
import { createHttpClient } from './http-client.ts';
import type { HttpClientOptions } from './http-client.ts';
import { withBreaker, withOpenCheck } from './pipeline/with-breaker.ts';
import { withCollapsedReads } from './pipeline/with-coalescing.ts';
import { withRepeats } from './pipeline/with-retries.ts';
import { withUploadBulkhead } from './pipeline/with-upload-bulkhead.ts';

/** The key of the one issuer, or of the issuer of each tenant. */
export type IssuerKeys = string | ReadonlyMap<string, string>;

export interface UpstreamClientOptions extends HttpClientOptions {
  /** For one call with all its repeats, in milliseconds. */
  readonly timeoutMs: number;
  /** What the service allows the key. */
  readonly rateLimit: RateLimit;
  /** How long anybody waits for an answer at most, in milliseconds. */
  readonly operationTimeoutMs: number;
  /** Where gateways share the budget of a key. */
  readonly redis?: RedisConnection | undefined;
  /** Of the service, for all keys. */
  readonly breaker: CircuitBreaker;
  readonly events: GatewayEvents;
  /** Where its queues report how long calls have waited. */
  readonly queues: Queues;
  /** Put around each call, with its repeats and waits. */
  readonly decorate?: ClientDecorator | undefined;
}

/** The clients of a gateway: one for each issuer's key, with connections of its own, so that nothing is shared. */
export interface UpstreamClients {
  /** With one issuer it is the same for everybody. Undefined for a tenant that there is no key for. */
  of(tenant: string | undefined): UpstreamClient | undefined;
  close(): Promise<void>;
}

/**
 * The client of one issuer's key. What a call passes on its way to the service, and why in this order:
 *
 * 1. reads that are under way already: who joins one needs nothing of what follows
 * 2. deadline and repeats: whatever follows is gone through for each attempt, as each is a call to the service
 * 3. an open circuit, before anything is waited for
 * 4. a place among the uploads, before one in the budget: that is for calls which are sent at once
 * 5. a place in the budget
 * 6. the circuit again, which may have opened meanwhile and learns from the attempt
 */
export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const { rateLimit: limit, connections, operationTimeoutMs, breaker, events, queues } = options;
  const maxWaiting = Math.ceil((limit.calls * operationTimeoutMs) / limit.windowMs);
  const limiter = new RateLimiter({ limit, window: windowOf(options), connections, maxWaiting, events });
  queues.add('rate-budget', () => limiter.oldestMs);
  const decorators: readonly ClientDecorator[] = [
    withCollapsedReads(options),
    ...(options.decorate ? [options.decorate] : []),
    withRepeats(options),
    withOpenCheck(breaker),
    withUploadBulkhead(options),
    withRateLimiter(limiter),
    withBreaker(breaker),
  ];
  return decorators.reduceRight((client, decorate) => decorate(client), createHttpClient(options));
}

/** Of this process, or of all gateways with this key and this Redis. */
function windowOf({ rateLimit: limit, redis, baseUrl, apiKey }: UpstreamClientOptions): RateWindow {
  if (redis === undefined) return new LocalWindow(limit);
  const name = createHash('sha256').update(`${baseUrl.href} ${apiKey}`).digest('base64url').slice(0, 22);
  return new SharedWindow({ redis, name, limit });
}

export function createUpstreamClients(
  keys: IssuerKeys,
  options: Omit<UpstreamClientOptions, 'apiKey'>,
): UpstreamClients {
  if (typeof keys === 'string') {
    const client = createUpstreamClient({ ...options, apiKey: keys });
    return { of: () => client, close: () => client.close() };
  }
  const clients = new Map(
    [...keys].map(([tenant, apiKey]) => [tenant, createUpstreamClient({ ...options, apiKey })]),
  );
  return {
    of: (tenant) => (tenant === undefined ? undefined : clients.get(tenant)),
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}
