import { createAuthentication } from '../auth/authenticate.ts';
import type { Authentication } from '../auth/authenticate.ts';
import { createEvents } from '../observability/events.ts';
import type { GatewayEvents } from '../observability/events.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import { openIdempotency } from '../idempotency/idempotency.ts';
import { StatusWatchers } from '../watching/status-watcher.ts';
import { authenticationEvents } from '../http/authentication.ts';
import { Queues } from '../observability/queues.ts';
import { connectRedis } from '../redis/connect.ts';
import { Lifecycle } from '../http/lifecycle.ts';
import { createReadiness, readinessLog } from '../http/readiness.ts';
import type { Readiness } from '../http/readiness.ts';
import { withSpans } from '../upstream/pipeline/with-spans.ts';
import { BlockPool } from '../uploads/block-pool.ts';
import { canConnect } from '../upstream/can-connect.ts';
import { CircuitBreaker } from '../upstream/pipeline/circuit-breaker.ts';
import { createUpstreamClients } from '../upstream/clients.ts';
import type { UpstreamClients } from '../upstream/clients.ts';
import { ServiceClock } from '../upstream/pipeline/service-clock.ts';
import { createStorage } from '../upstream/storage/create-storage.ts';
import type { StorageClients } from '../upstream/storage/create-storage.ts';
import { Webhooks } from '../webhooks/webhooks.ts';
import type { GatewayOptions } from './gateway-options.ts';

/** The parts that live as long as the gateway and that its requests share. */
export interface Parts {
  readonly events: GatewayEvents;
  readonly queues: Queues;
  readonly authentication: Authentication;
  readonly upstreams: UpstreamClients;
  readonly storage: StorageClients;
  readonly blocks: BlockPool;
  readonly watchers: StatusWatchers;
  readonly idempotency: Idempotency;
  readonly webhooks: Webhooks;
  readonly readiness: Readiness;
  readonly lifecycle: Lifecycle;
  /** The names of the readiness checks. */
  readonly dependencies: readonly string[];
  /** Frees every socket and timer. */
  close(): Promise<void>;
}

/** @throws {RedisUnavailableError} */
export async function openParts(options: GatewayOptions): Promise<Parts> {
  const {
    apiUrl,
    apiKey,
    circuit,
    redisUrl,
    tracer,
    downloadStallMs,
    proxyFor,
    logger,
    events = createEvents(),
  } = options;
  const realm = apiUrl.href;
  const queues = new Queues();
  const redis = redisUrl === undefined ? undefined : await connectRedis(redisUrl);
  const authentication = createAuthentication(options.auth, authenticationEvents(logger), proxyFor);
  const clock = new ServiceClock();
  const upstreams = createUpstreamClients(apiKey, {
    baseUrl: apiUrl,
    proxyFor,
    storageHosts: options.storageHosts,
    timeoutMs: options.upstreamTimeoutMs,
    operationTimeoutMs: options.operationTimeoutMs,
    connections: options.upstreamConnections,
    rateLimit: options.rateLimit,
    redis,
    clock,
    breaker: new CircuitBreaker({ origin: 'service', ...circuit, events }),
    events,
    queues,
    spans: tracer && withSpans({ tracer, urlOf: () => apiUrl, propagates: true }),
  });
  const storage = createStorage({
    allowedHosts: options.storageHosts,
    proxyFor,
    ...(downloadStallMs !== undefined && { readStallMs: downloadStallMs }),
    breaker: new CircuitBreaker({ origin: 'storage', ...circuit, events }),
    events,
    tracer,
  });
  const blocks = new BlockPool();
  queues.add('upload-blocks', () => blocks.oldestMs);
  const watchers = new StatusWatchers({ ...options.watching, events });
  queues.add('polls', () => watchers.oldestDueMs);
  const idempotency = openIdempotency({ redis, realm, times: options.idempotency, clock, events });
  queues.add('idempotency', () => idempotency.oldestMs);
  const readiness = createReadiness({
    checks: [
      { name: 'service', check: (signal) => canConnect(apiUrl, signal, proxyFor) },
      ...(redis === undefined ? [] : [{ name: 'redis', check: () => redis.check() }]),
    ],
    onChange: readinessLog(logger, events),
  });
  redis?.onChange((failure) => readiness.report('redis', failure));
  const lifecycle = new Lifecycle({ readiness, stopTimes: options.stopTimes, events });
  const webhooks = new Webhooks({
    ...options.webhooks,
    redis,
    proxyFor,
    realm,
    queues,
    watcherOf(tenant) {
      const issuer = upstreams.of(tenant);
      return issuer && watchers.of(issuer.shared);
    },
    events,
    logger,
  });
  lifecycle.draining.addEventListener('abort', () => webhooks.stop(options.stopTimes.graceMs));

  return {
    events,
    queues,
    authentication,
    upstreams,
    storage,
    blocks,
    watchers,
    idempotency,
    webhooks,
    readiness,
    lifecycle,
    dependencies: redis === undefined ? ['service'] : ['service', 'redis'],
    async close() {
      await webhooks.close();
      await authentication.close();
      watchers.close();
      await idempotency.close();
      await Promise.all([upstreams.close(), storage.shared.close()]);
      redis?.close();
    },
  };
}
