import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { createAuthentication } from '../auth/authenticate.ts';
import type { Authentication } from '../auth/authenticate.ts';
import type { Config } from '../config/load.ts';
import type { StreamCounts } from '../graphql/subscriptions/stream-limits.ts';
import { authenticationEvents } from '../http/admission.ts';
import { Lifecycle } from '../http/lifecycle.ts';
import type { RequestCounts } from '../http/rate-limit.ts';
import { Readiness, readinessLog } from '../http/readiness.ts';
import type { ClientTimes } from '../http/server.ts';
import { openIdempotency } from '../idempotency/idempotency.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import { Inspector } from '../inspection/inspector.ts';
import { createEvents } from '../observability/events.ts';
import type { GatewayEvents } from '../observability/events.ts';
import type { MetricsSnapshot } from '../observability/metrics/start-metrics.ts';
import { Queues } from '../observability/queues.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { FinalRequests } from '../resolvers/final-requests.ts';
import { BlockPool } from '../uploads/block-pool.ts';
import { createUpstreamClients } from '../upstream/clients.ts';
import type { UpstreamClients, IssuerKeys } from '../upstream/clients.ts';
import { canConnect } from '../upstream/connect-through.ts';
import { CircuitBreaker } from '../upstream/pipeline/circuit-breaker.ts';
import { ServiceClock } from '../upstream/pipeline/service-clock.ts';
import { withSpans } from '../upstream/pipeline/with-spans.ts';
import { createStorage } from '../upstream/storage/create-storage.ts';
import type { StorageClients } from '../upstream/storage/create-storage.ts';
import { StatusWatchers } from '../watching/status-watcher.ts';
import { Webhooks } from '../webhooks/webhooks.ts';

/** The parts that live as long as the gateway and that its requests share. */
export interface Parts {
  readonly events: GatewayEvents;
  readonly queues: Queues;
  readonly authentication: Authentication;
  readonly upstreams: UpstreamClients;
  readonly storage: StorageClients;
  readonly blocks: BlockPool;
  readonly inspector: Inspector;
  readonly watchers: StatusWatchers;
  readonly idempotency: Idempotency;
  readonly finalRequests: FinalRequests | undefined;
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
  const { apiUrl, redisUrl, proxyFor, stopTimes, logger, events = createEvents() } = options;
  // The client of Redis is loaded only when it is needed.
  const redis =
    redisUrl === undefined
      ? undefined
      : await (await import('../redis/connection.ts')).connectRedis(redisUrl);
  const shared = { redis, events, realm: apiUrl.href, queues: new Queues(), clock: new ServiceClock() };
  const authentication = createAuthentication(options.auth, authenticationEvents(logger), proxyFor);
  const upstreams = openUpstreams(options, shared);
  const storage = openStorage(options, events);
  const watchers = new StatusWatchers({ ...options.watching, events });
  const idempotency = openIdempotency({ ...shared, times: options.idempotency });
  const blocks = new BlockPool();
  const inspector = new Inspector(options.inspection);
  const readiness = openReadiness(options, shared);
  const lifecycle = new Lifecycle({ readiness, stopTimes, events });
  const webhooks = new Webhooks({
    ...options.webhooks,
    ...shared,
    proxyFor,
    watcherOf(tenant) {
      const issuer = upstreams.of(tenant);
      return issuer && watchers.of(issuer.shared);
    },
    logger,
  });
  lifecycle.draining.addEventListener('abort', () => webhooks.stop(stopTimes.graceMs));
  const { queues } = shared;
  queues.add('upload-blocks', () => blocks.oldestMs);
  queues.add('inspections', () => inspector.oldestMs);
  queues.add('polls', () => watchers.oldestDueMs);
  queues.add('idempotency', () => idempotency.oldestMs);

  return {
    events,
    queues,
    authentication,
    upstreams,
    storage,
    blocks,
    inspector,
    watchers,
    idempotency,
    finalRequests: openFinalRequests(options, events),
    webhooks,
    readiness,
    lifecycle,
    dependencies: redis === undefined ? ['service'] : ['service', 'redis'],
    async close() {
      await webhooks.close();
      await authentication.close();
      watchers.close();
      await idempotency.close();
      await inspector.close();
      await Promise.all([upstreams.close(), storage.shared.close()]);
      redis?.close();
    },
  };
}

/** What several parts use. */
interface Shared {
  /** Undefined: state is kept in this process. */
  readonly redis: RedisConnection | undefined;
  readonly events: GatewayEvents;
  readonly queues: Queues;
  readonly clock: ServiceClock;
}

function openUpstreams(options: GatewayOptions, shared: Shared): UpstreamClients {
  const { apiUrl, apiKey, proxyFor, circuit, tracer } = options;
  return createUpstreamClients(apiKey, {
    ...shared,
    baseUrl: apiUrl,
    proxyFor,
    storageHosts: options.storageHosts,
    timeoutMs: options.upstreamTimeoutMs,
    operationTimeoutMs: options.operationTimeoutMs,
    connections: options.upstreamConnections,
    rateLimit: options.rateLimit,
    breaker: new CircuitBreaker({ origin: 'service', ...circuit, events: shared.events }),
    spans: tracer && withSpans({ tracer, urlOf: () => apiUrl, propagates: true }),
  });
}

function openStorage(options: GatewayOptions, events: GatewayEvents): StorageClients {
  const { storageHosts: allowedHosts, proxyFor, circuit, tracer, downloadStallMs } = options;
  return createStorage({
    allowedHosts,
    proxyFor,
    ...(downloadStallMs !== undefined && { readStallMs: downloadStallMs }),
    breaker: new CircuitBreaker({ origin: 'storage', ...circuit, events }),
    events,
    tracer,
  });
}

/** The control of a sandbox can take back a final status. */
function openFinalRequests(
  { finalRequestsKept: max, isSandbox }: GatewayOptions,
  events: GatewayEvents,
): FinalRequests | undefined {
  return max === 0 || isSandbox ? undefined : new FinalRequests({ max, events });
}

function openReadiness({ apiUrl, proxyFor, logger }: GatewayOptions, { redis, events }: Shared): Readiness {
  const readiness = new Readiness({
    checks: [
      { name: 'service', check: (signal) => canConnect(apiUrl, signal, proxyFor) },
      ...(redis === undefined ? [] : [{ name: 'redis', check: () => redis.check() }]),
    ],
    onChange: readinessLog(logger, events),
  });
  redis?.onChange((failure) => readiness.report('redis', failure));
  return readiness;
}

/** The settings that only the start of the process uses. */
type ProcessConfig = 'sandboxUrl' | 'sandboxPort' | 'workers' | 'logLevel' | 'tracing' | 'warnings';

/** The configuration of a gateway, the upstream that the process has chosen for it, and its logger. */
export interface GatewayOptions extends Omit<Config, 'apiUrl' | 'apiKey' | ProcessConfig> {
  readonly apiUrl: URL;
  readonly apiKey: IssuerKeys;
  /** The upstream is a sandbox: the gateway forwards the sandbox headers of callers. */
  readonly isSandbox: boolean;
  /** How long a download may make no progress. @default 30 000 */
  readonly downloadStallMs?: number;
  /** @default CLIENT_TIMES */
  readonly clientTimes?: Partial<ClientTimes>;
  /** Emits the events of the gateway. @default an emitter without listeners */
  readonly events?: GatewayEvents;
  /** Makes the spans. @default no tracing */
  readonly tracer?: Tracer | undefined;
  /** The primary of this gateway, if it is a worker. @default the gateway is a process of its own */
  readonly primary?: Primary;
  readonly logger: Logger;
}

/** What a worker leaves to its primary, because it concerns all workers. */
export interface Primary {
  readonly requestCounts: RequestCounts;
  readonly streamCounts: StreamCounts;
  /** Gives the primary a function that reads the metrics of this worker. */
  provideMetrics(read: () => Promise<MetricsSnapshot>): void;
}
