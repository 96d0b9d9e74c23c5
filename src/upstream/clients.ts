import { createHash } from 'node:crypto';
import type { GatewayEvents } from '../observability/events.ts';
import type { Queues } from '../observability/queues.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { withStages, withOptions } from './call.ts';
import type { Stage, ApiRequest, UpstreamClient, CallFacts, Client } from './call.ts';
import { HttpClient } from './http-client.ts';
import type { HttpClientOptions } from './http-client.ts';
import { withUploadBulkhead } from './pipeline/bulkhead.ts';
import { withCircuitBreaker, withOpenCheck } from './pipeline/circuit-breaker.ts';
import type { CircuitBreaker } from './pipeline/circuit-breaker.ts';
import { SERVICE_RETRIES, withRetries } from './pipeline/retry.ts';
import { ReadCoalescer, withCoalescing, withInvalidation } from './pipeline/with-coalescing.ts';
import { RateLimiter, withRateLimiter } from './rate-limit/rate-limiter.ts';
import { LocalWindow } from './rate-limit/rate-window.ts';
import type { RateLimit, RateWindow } from './rate-limit/rate-window.ts';
import { SharedWindow } from './rate-limit/shared-window.ts';
import type { StorageClient } from './storage/blobs.ts';

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

/** The clients of the gateway, or their bare counterparts for calls with sandbox headers. */
export interface OriginClients {
  readonly upstream: UpstreamClient;
  readonly storage: StorageClient;
}

/** The headers of a sandbox. Its storage knows them too. */
const SANDBOX_HEADER = /^x-sandbox-[a-z-]+$/;
/** Those, and the header of Prism. */
const API_HEADER = /^(prefer|x-sandbox-[a-z-]+)$/;

/**
 * The bare clients with the sandbox headers of a caller (`Prefer: code=404`, `x-sandbox-fault: …`), which go with every
 * call. For a sandbox only: the service must never receive a header of a caller.
 * @returns undefined for a caller without such headers.
 */
export function withSandboxHeaders(
  bare: OriginClients,
  caller: Iterable<[string, string]>,
): OriginClients | undefined {
  const matching = (names: RegExp): Record<string, string> =>
    Object.fromEntries([...caller].filter(([name]) => names.test(name)));
  const [toApi, toStorage] = [matching(API_HEADER), matching(SANDBOX_HEADER)];
  if (Object.keys(toApi).length === 0) return undefined;
  // The storage ignores `prefer`.
  return {
    upstream: withOptions(bare.upstream, { headers: toApi }),
    storage: withOptions(bare.storage, { headers: toStorage }),
  };
}

/** The number of calls and the sum of their durations; calls at the same time count in full. */
export interface CallTally {
  calls: number;
  durationMs: number;
}

/** Adds each call to the tally when it ends, with its retries as one. A download ends when its content begins. */
export function counted({ upstream, storage }: OriginClients, tally: CallTally): OriginClients {
  return { upstream: countedClient(upstream, tally), storage: countedClient(storage, tally) };
}

function countedClient<Facts extends CallFacts, Answer extends readonly unknown[]>(
  client: Client<Facts, Answer>,
  tally: CallTally,
): Client<Facts, Answer> {
  return {
    async call(call, options) {
      const startedAt = performance.now();
      try {
        return await client.call(call, options);
      } finally {
        tally.calls += 1;
        tally.durationMs += performance.now() - startedAt;
      }
    },
    close: () => client.close(),
  };
}
