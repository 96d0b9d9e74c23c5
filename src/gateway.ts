import type { Tracer } from '@opentelemetry/api';
import { createYoga } from 'graphql-yoga';
import type { Logger } from 'pino';
import { createAuthentication } from './auth/authenticate.ts';
import type { AuthenticationOptions } from './auth/authenticate.ts';
import { tenantOf } from './auth/caller.ts';
import type { Caller } from './auth/caller.ts';
import { createContext } from './context.ts';
import type { GatewayContext } from './context.ts';
import { createEvents } from './events.ts';
import type { GatewayEvents } from './events.ts';
import type { IdempotencyTimes } from './idempotency/idempotency.ts';
import { openIdempotency } from './idempotency/open-idempotency.ts';
import { StatusWatchers } from './live/status-watchers.ts';
import { currentRequest } from './logging/request-scope.ts';
import { createScrubber } from './logging/scrubber.ts';
import { secretsOf } from './secrets.ts';
import { refuseBadHttp } from './server/bad-http.ts';
import { createListener } from './server/listener.ts';
import type { WatchingOptions } from './live/status-watchers.ts';
import type { MetricsAddress, MetricsEndpoint } from './metrics/start-metrics.ts';
import { withReadableAddress } from './server/readable-address.ts';
import { createMaskError } from './plugins/mask-error.ts';
import { nodeRequest } from './plugins/client-address.ts';
import { corsFor } from './plugins/cors.ts';
import { OPEN, protectOperations, protectRequests } from './plugins/protections.ts';
import type { Protections } from './plugins/protections.ts';
import { serveStreams, STREAMS } from './plugins/streams.ts';
import type { StreamOptions } from './plugins/streams.ts';
import { createRateLimit } from './plugins/rate-limit.ts';
import { useDownloads } from './plugins/use-downloads.ts';
import {
  admit,
  authenticationEvents,
  callerOf,
  knownCallerOf,
  useAuthentication,
} from './plugins/use-authentication.ts';
import { useAvailability, useStreamCount } from './plugins/use-availability.ts';
import { useBodyLimit } from './plugins/use-body-limit.ts';
import { useBodyTime } from './plugins/use-body-time.ts';
import { useKnownAddress } from './plugins/use-known-address.ts';
import { useMediaTypes } from './plugins/use-media-types.ts';
import { useOperationTime } from './plugins/use-operation-time.ts';
import { useNoStore } from './plugins/use-no-store.ts';
import { operationNames } from './plugins/operation-name.ts';
import { useOperationEvents } from './plugins/use-operation-events.ts';
import { useLogging } from './plugins/use-logging.ts';
import { useRequestId } from './plugins/use-request-id.ts';
import { useTracing } from './plugins/use-tracing.ts';
import { useReadableParameters } from './plugins/use-readable-parameters.ts';
import { useScrubbedErrors } from './plugins/use-scrubbed-errors.ts';
import { useUploads } from './plugins/use-uploads.ts';
import { connectRedis } from './redis/connect.ts';
import { schema } from './schema/index.ts';
import { FrontDoor, STOP_TIMES } from './server/front-door.ts';
import type { LoadLimits, StopTimes } from './server/front-door.ts';
import { CLIENT_TIMES, createHttpServer, listen, originOf } from './server/http-server.ts';
import type { ClientTimes } from './server/http-server.ts';
import { createReadiness, readinessLog } from './server/readiness.ts';
import { withSpans } from './tracing/traced-client.ts';
import { withStorageSpans } from './tracing/traced-storage.ts';
import { BlockPool } from './uploads/block-pool.ts';
import { canConnect } from './upstream/can-connect.ts';
import type { RateLimit } from './upstream/budget/rate-window.ts';
import { CircuitBreaker } from './upstream/circuit-breaker.ts';
import type { CircuitLimits } from './upstream/circuit-breaker.ts';
import type { UpstreamClient } from './upstream/client.ts';
import { createUpstreamClients } from './upstream/clients.ts';
import type { IssuerKeys } from './upstream/clients.ts';
import { counted } from './upstream/counted.ts';
import { createStorage } from './upstream/storage.ts';
import { readVersion } from './version.ts';
import { openWebhooks } from './webhooks/open-webhooks.ts';
import type { WebhookOptions } from './webhooks/open-webhooks.ts';

export interface GatewayOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly apiUrl: URL;
  readonly apiKey: IssuerKeys;
  /** @default { mode: 'none' } */
  readonly auth?: AuthenticationOptions;
  /** The upstream is a sandbox: headers of callers that it understands are passed on. @default false */
  readonly isSandbox?: boolean;
  /** Where upload addresses may lead; see `checkStorageUrl`. */
  readonly storageHosts: readonly string[];
  readonly upstreamTimeoutMs: number;
  /** For a whole operation; see `useOperationTime`. @default 90 000 */
  readonly operationTimeoutMs?: number;
  readonly upstreamConnections: number;
  /** Calls that the service takes of one key in any window. @default 150 in 5 000 ms */
  readonly rateLimit?: RateLimit;
  /** When service and storage, each for itself, are left alone. @default after 10 failures, for 10 000 ms */
  readonly circuit?: CircuitLimits;
  readonly maxUploadBytes: number;
  readonly uploadStallMs: number;
  /** For how long nothing may move of a document that is downloaded. @default 30 000 */
  readonly downloadStallMs?: number;
  /** @default OPEN */
  readonly protections?: Partial<Protections>;
  readonly clientTimes?: Partial<ClientTimes>;
  /** @default no limits */
  readonly load?: Partial<LoadLimits>;
  readonly stopTimes?: Partial<StopTimes>;
  /** @default STREAMS */
  readonly streams?: Partial<StreamOptions>;
  /** How often the service is asked how watched requests stand. */
  readonly watching?: WatchingOptions;
  /** Told what happens. @default an emitter that nobody listens to */
  readonly events?: GatewayEvents;
  /** Makes spans of what happens. @default none are made */
  readonly tracer?: Tracer | undefined;
  /** Where to serve metrics. @default nowhere */
  readonly metrics?: MetricsAddress | undefined;
  readonly idempotency?: Partial<IdempotencyTimes>;
  /** Who is told what becomes of requests. @default nobody */
  readonly webhooks?: WebhookOptions | undefined;
  /** What gateways share, and what outlives them. Without one it is all in this process. */
  readonly redisUrl?: URL | undefined;
  readonly logger: Logger;
}

export interface Gateway {
  /** Address of the GraphQL endpoint. */
  readonly url: string;
  readonly metricsUrl: string | undefined;
  /** Lets running requests end, as `stopTimes` says, then frees every socket. */
  close(): Promise<void>;
}

/** JSON bodies only: files do not pass here. */
const MAX_JSON_BYTES = 1_000_000;

/**
 * Composition root: puts the parts together and listens.
 * @throws {RedisUnavailableError}
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { logger } = options;
  const scrub = createScrubber(secretsOf(options));
  const redis = options.redisUrl && (await connectRedis(options.redisUrl, { onChange: tellOf(logger) }));
  const { events = createEvents(), isSandbox = false, operationTimeoutMs = 90_000, tracer } = options;
  const { maxUploadBytes, uploadStallMs } = options;
  const circuit = options.circuit ?? { failures: 10, openMs: 10_000 };
  const upstreams = createUpstreamClients(options.apiKey, {
    baseUrl: options.apiUrl,
    timeoutMs: options.upstreamTimeoutMs,
    connections: options.upstreamConnections,
    rateLimit: options.rateLimit ?? { calls: 150, windowMs: 5_000 },
    operationTimeoutMs,
    redis,
    breaker: new CircuitBreaker({ origin: 'service', ...circuit, events }),
    events,
    decorate: tracer && withSpans(tracer, options.apiUrl),
  });
  const plainStorage = createStorage({
    allowedHosts: options.storageHosts,
    ...(options.downloadStallMs !== undefined && { readStallMs: options.downloadStallMs }),
    breaker: new CircuitBreaker({ origin: 'storage', ...circuit, events }),
    events,
  });
  const storage = tracer ? withStorageSpans(plainStorage, tracer) : plainStorage;
  const limits = { maxUploadBytes, uploadStallMs, operationTimeoutMs };
  const authenticationLog = authenticationEvents(logger);
  const authentication = createAuthentication(options.auth ?? { mode: 'none' }, authenticationLog);
  const upstreamOf = (caller: Caller): UpstreamClient | undefined => upstreams.of(tenantOf(caller));
  const isServed = (caller: Caller): boolean => upstreamOf(caller) !== undefined;
  const streams = { ...STREAMS, ...options.streams };
  const watchers = new StatusWatchers({ ...options.watching, events });
  const idempotency = openIdempotency({
    redis,
    realm: options.apiUrl.href,
    times: options.idempotency ?? {},
    events,
  });
  const frontDoor = new FrontDoor({
    readiness: createReadiness({
      checks: [
        { name: 'service', check: (signal) => canConnect(options.apiUrl, signal) },
        ...(redis === undefined ? [] : [{ name: 'redis', check: async () => void (await redis.ping()) }]),
      ],
      onChange: readinessLog(logger, events),
    }),
    limits: options.load ?? {},
    stopTimes: options.stopTimes ?? {},
    events,
  });
  const { closing, ending } = frontDoor;
  const webhooks = openWebhooks({
    ...(options.webhooks ?? { endpoints: [] }),
    redis,
    realm: options.apiUrl.href,
    watcherOf(tenant) {
      const upstream = upstreams.of(tenant);
      return upstream && watchers.of(upstream);
    },
    events,
    logger,
  });
  const { stopTimes: { graceMs = STOP_TIMES.graceMs } = {} } = options;
  closing.addEventListener('abort', () => webhooks.stop(graceMs));
  const parts = { blocks: new BlockPool(), idempotency, events, closing, ending, isSandbox, limits };
  const protections = { ...OPEN, ...options.protections };
  const isTrusted = protections.trustedDocuments !== undefined;
  const times = { ...CLIENT_TIMES, ...options.clientTimes };
  const { requestsPerMinute, proxyHops, corsOrigins } = protections;
  const rateLimit = requestsPerMinute > 0 ? createRateLimit({ requestsPerMinute, proxyHops }) : undefined;
  const admission = { authentication, isServed, events: authenticationLog };
  const signalOf = (serverContext: object): AbortSignal => {
    const req = nodeRequest(serverContext);
    const signal = req && frontDoor.running.signalOf(req);
    if (signal === undefined) throw new TypeError('a request has not come through the front door');
    return signal;
  };
  const contextOf = ({ headers }: Request, serverContext: object, caller: Caller): GatewayContext => {
    const upstream = upstreamOf(caller);
    if (upstream === undefined) throw new TypeError('a caller without an issuer has been let in');
    const signal = signalOf(serverContext);
    const tally = currentRequest()?.notes.upstream;
    const ways = tally === undefined ? { upstream, storage } : counted({ upstream, storage }, tally);
    const ofTenant = { watcher: watchers.of(upstream), webhooks: webhooks.of(tenantOf(caller)) };
    return createContext({ ...parts, ...ways, ...ofTenant }, caller, { headers, signal });
  };
  const yoga = createYoga({
    schema,
    context: (initial) => contextOf(initial.request, initial, callerOf(initial.request)),
    multipart: false,
    maxRequestBodySize: false,
    plugins: [
      useNoStore(),
      useLogging({ logger, scrub, callerOf: knownCallerOf }),
      useAvailability(() => frontDoor.unavailability()),
      useScrubbedErrors(scrub),
      useRequestId(),
      ...protectRequests(options.host, protections, rateLimit),
      useDownloads({
        origins: corsOrigins,
        admit: (request) => admit(request, admission),
        rateLimit,
        contextOf,
        signalOf,
        logger: logger,
      }),
      useKnownAddress(),
      useAuthentication(admission),
      useUploads({ maxFileBytes: maxUploadBytes, stallTimeoutMs: uploadStallMs }),
      useMediaTypes(),
      ...protectOperations(protections),
      ...serveStreams({
        ...streams,
        authentication,
        isServed,
        closing,
        proxyHops: protections.proxyHops,
      }),
      useBodyLimit(MAX_JSON_BYTES),
      useBodyTime(times.body),
      useReadableParameters(), // behind all that read the body
      useOperationEvents({ events, isTrusted }),
      ...(tracer ? [useTracing({ tracer, isTrusted })] : []),
      useStreamCount((req) => frontDoor.running.becomesStream(req)),
      useOperationTime(), // last: once another plugin has refused an operation, nobody would end its time
    ],
    // Yoga's own answers to every address that ends like this, and none ends with a line break.
    healthCheckEndpoint: '\n',
    maskedErrors: { maskError: createMaskError(logger) },
    logging: false,
    landingPage: false,
    cors: corsFor(protections.corsOrigins),
    graphiql: false,
  });
  const server = createHttpServer(
    frontDoor.listener(
      withReadableAddress(
        createListener({
          answer: yoga.handleNodeRequestAndResponse,
          scrub,
          streamStallMs: options.downloadStallMs,
          logger,
        }),
        { scrub, logger },
      ),
    ),
    times,
  );
  refuseBadHttp(server, logger);
  let metrics: MetricsEndpoint | undefined;
  const release = async (): Promise<void> => {
    await webhooks.close();
    await metrics?.close();
    authentication.close();
    watchers.close();
    await idempotency.close();
    await Promise.all([upstreams.close(), storage.close()]);
    redis?.disconnect();
  };
  const close = async (): Promise<void> => {
    await frontDoor.close(server);
    await release();
  };
  let closed: Promise<void> | undefined;
  try {
    if (options.metrics) {
      const { startMetrics } = await import('./metrics/start-metrics.ts');
      metrics = await startMetrics(options.metrics, events, {
        version: readVersion(),
        operationNames: operationNames(schema, protections.trustedDocuments),
        requestsInFlight: () => frontDoor.running.size,
        openStreams: () => frontDoor.running.streams,
        watchedRequests: () => watchers.watchedRequests,
        dependencies: redis === undefined ? ['service'] : ['service', 'redis'],
        blocksInUse: () => parts.blocks.inUse,
        uploadsWaitingForBlocks: () => parts.blocks.waiting,
        webhooksQueued: () => webhooks.countQueued(),
      });
    }
    const port = await listen(server, options);
    return {
      metricsUrl: metrics?.url,
      url: `${originOf(options.host, port)}/graphql`,
      close: () => (closed ??= close()),
    };
  } catch (error) {
    await release(); // or it would keep the process alive
    throw error;
  }
}

const tellOf =
  (logger: Logger) =>
  (isUp: boolean): void => {
    if (isUp) logger.info('Redis is back');
    else logger.warn('Redis cannot be reached');
  };
