import { createHash } from 'node:crypto';
import type { GatewayEvents } from '../observability/events.ts';
import type { Queues } from '../observability/queues.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { withStages } from './call.ts';
import type { Stage, ApiRequest, UpstreamClient } from './call.ts';
import { HttpClient } from './http-client.ts';
import type { HttpClientOptions } from './http-client.ts';
import { withCircuitBreaker, withOpenCheck } from './pipeline/circuit-breaker.ts';
import type { CircuitBreaker } from './pipeline/circuit-breaker.ts';
import { SERVICE_RETRIES, withRetries } from './pipeline/retry.ts';
import { ReadCoalescer, withCoalescing, withInvalidation } from './pipeline/with-coalescing.ts';
import { withUploadBulkhead } from './pipeline/bulkhead.ts';
import { LocalWindow } from './rate-limit/rate-window.ts';
import { RateLimiter, withRateLimiter } from './rate-limit/rate-limiter.ts';
import type { RateLimit, RateWindow } from './rate-limit/rate-window.ts';
import { SharedWindow } from './rate-limit/shared-window.ts';

/** The API key of the one issuer, or of the issuer of each tenant. */
export type IssuerKeys = string | ReadonlyMap<string, string>;

export interface UpstreamClientOptions extends HttpClientOptions {
  /** For one call with all its retries, in milliseconds. */
  readonly timeoutMs: number;
  /** The rate that the service allows the key. */
  readonly rateLimit: RateLimit;
  /** The longest time that a caller waits for an answer, in milliseconds. */
  readonly operationTimeoutMs: number;
  /** Where gateways share the rate budget of a key. */
  readonly redis?: RedisConnection | undefined;
  /** Of the service, shared by all keys. */
  readonly breaker: CircuitBreaker;
  readonly events: GatewayEvents;
  /** The queues of the client report here how long calls have waited. */
  readonly queues: Queues;
  /** Runs around each call, including its retries and waits. */
  readonly spans?: Stage<ApiRequest> | undefined;
}

/** The two ways to the service with one key. They share connections and the rate limiter. */
export interface IssuerClient {
  readonly shared: UpstreamClient;
  /**
   * For calls with the sandbox headers of a caller. The caller may have requested this answer, so coalescing does not share
   * it, and it affects neither the circuit breaker nor the rate limiter.
   */
  readonly bare: UpstreamClient;
}

/** The clients of a gateway: one for each key, with separate connections, so that issuers share nothing. */
export interface UpstreamClients {
  /** Without tenants, the same client for all callers. Undefined for a tenant without a key. */
  of(tenant: string | undefined): IssuerClient | undefined;
  close(): Promise<void>;
}

/**
 * The client of one key. The stages that a call passes, and why in this order:
 *
 * 1. coalescing: a read that joins another needs none of the following
 * 2. spans
 * 3. deadline and retries: each attempt is a call to the service and passes all that follows
 * 4. an open circuit refuses the call before it waits for anything
 * 5. the bulkhead of uploads, before the rate limiter: a call with a slot of the limiter is sent at once
 * 6. the rate limiter
 * 7. the circuit breaker again, which may have opened meanwhile and records the attempt
 */
export function createIssuerClient(options: UpstreamClientOptions): IssuerClient {
  const { rateLimit: limit, connections, operationTimeoutMs, breaker, events, queues } = options;
  const maxWaiting = Math.ceil((limit.calls * operationTimeoutMs) / limit.windowMs);
  const limiter = new RateLimiter({ limit, window: windowOf(options), connections, maxWaiting, events });
  queues.add('rate-budget', () => limiter.oldestMs);
  const http = new HttpClient(options);
  const client: UpstreamClient = {
    call: (call, given) => http.call(call, given),
    close() {
      limiter.close();
      return http.close();
    },
  };
  const coalescer = new ReadCoalescer({ events });
  const spans = options.spans ? [options.spans] : [];
  const retries = withRetries({ timeoutMs: options.timeoutMs, policy: SERVICE_RETRIES, events });
  const bulkhead = withUploadBulkhead(options);
  return {
    shared: withStages(client, [
      withCoalescing(coalescer),
      ...spans,
      retries,
      withOpenCheck(breaker),
      bulkhead,
      withRateLimiter(limiter),
      withCircuitBreaker(breaker),
    ]),
    bare: withStages(client, [
      withInvalidation(coalescer),
      ...spans,
      retries,
      bulkhead,
      withRateLimiter(limiter, { learns: false }),
    ]),
  };
}

/** The calls of this process, or of all gateways with this key and this Redis. */
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
    const client = createIssuerClient({ ...options, apiKey: keys });
    return { of: () => client, close: () => client.shared.close() };
  }
  const clients = new Map(
    [...keys].map(([tenant, apiKey]) => [tenant, createIssuerClient({ ...options, apiKey })]),
  );
  return {
    of: (tenant) => (tenant === undefined ? undefined : clients.get(tenant)),
    async close() {
      await Promise.all([...clients.values()].map(({ shared }) => shared.close()));
    },
  };
}
