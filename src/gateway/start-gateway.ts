import type { RequestListener, Server } from 'node:http';
import { tenantOf } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import { secretsOf } from '../config/secrets.ts';
import { operationNames } from '../graphql/operation-record.ts';
import type { Route } from '../http/answer.ts';
import { admit, authenticationEvents, checkOrigin } from '../http/admission.ts';
import type { AdmissionOptions } from '../http/admission.ts';
import { documentRoute } from '../http/document-route.ts';
import { FixedWindows, MINUTE_MS, RateLimit } from '../http/rate-limit.ts';
import { Gatekeeper } from '../http/gatekeeper.ts';
import { createListener } from '../http/listener.ts';
import { refuseMalformedRequests, CLIENT_TIMES, createHttpServer, listen, originOf } from '../http/server.ts';
import { answerProbe } from '../http/readiness.ts';
import { createScrubber } from '../observability/logging/scrubber.ts';
import type { MetricsEndpoint } from '../observability/metrics/start-metrics.ts';
import { controlRoute, pagesRoute, WorkbenchDocuments } from '../pages/pages-route.ts';
import { schema } from '../schema/index.ts';
import { readVersion } from '../version.ts';
import { contextFactory, createGraphql } from './graphql.ts';
import type { GatewayOptions, Parts } from './parts.ts';
import { openParts } from './parts.ts';

export type { GatewayOptions } from './parts.ts';

export interface Gateway {
  /** The URL of the GraphQL endpoint. */
  readonly url: string;
  readonly metricsUrl: string | undefined;
  /** Waits for requests in flight, within `stopTimes`, then frees every socket. */
  close(): Promise<void>;
}

/** A gateway that answers the requests of a server of the caller. */
export interface MountableGateway {
  readonly handler: RequestListener;
  readonly metricsUrl: string | undefined;
  /**
   * Frees every socket and timer of the gateway.
   * @param server the server with the handler: it accepts no more connections, and its requests in flight end before
   */
  close(server?: Server): Promise<void>;
}

/**
 * Composition root: creates the parts.
 * @throws {RedisUnavailableError} @throws {ListenError} of the metrics
 */
export async function openGateway(options: GatewayOptions): Promise<MountableGateway> {
  const parts = await openParts(options);
  const { listener, gatekeeper } = createEdge(options, parts);
  let metrics: MetricsEndpoint | undefined;
  const close = async (server?: Server): Promise<void> => {
    if (server !== undefined) await parts.lifecycle.close(server);
    gatekeeper.close();
    await parts.close();
    await metrics?.close();
  };
  try {
    metrics = await serveMetrics(options, parts);
  } catch (error) {
    await close(); // or open sockets would keep the process alive
    throw error;
  }
  let closed: Promise<void> | undefined;
  return { handler: listener, metricsUrl: metrics?.url, close: (server) => (closed ??= close(server)) };
}

/**
 * Opens a gateway and listens.
 * @throws {RedisUnavailableError} @throws {ListenError}
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const gateway = await openGateway(options);
  const server = createHttpServer(gateway.handler, { ...CLIENT_TIMES, ...options.clientTimes });
  refuseMalformedRequests(server, options.logger);
  try {
    const { host, port: wanted, primary } = options;
    const port = await listen(server, { host, port: wanted, reusePort: primary !== undefined });
    const url = `${originOf(host, port)}/graphql`;
    return { metricsUrl: gateway.metricsUrl, url, close: () => gateway.close(server) };
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

/** What a request passes: probes, the gatekeeper, the routes, and Yoga for what no route answers. */
function createEdge(options: GatewayOptions, parts: Parts) {
  const { host, load: limits, protections, tracer, downloadStallMs: streamStallMs, logger } = options;
  const { authentication, events, lifecycle, readiness, upstreams } = parts;
  const { requestsPerMinute, proxies, corsOrigins, allowedHosts } = protections;
  const scrub = createScrubber(secretsOf(options));
  const counts = options.primary?.requestCounts ?? new FixedWindows(requestsPerMinute, MINUTE_MS);
  const rateLimit = requestsPerMinute > 0 ? new RateLimit({ requestsPerMinute, proxies, counts }) : undefined;
  const gatekeeper = new Gatekeeper({
    lifecycle,
    limits,
    events,
    listensOn: host,
    allowedHosts,
    rateLimit,
  });
  const isServed = (caller: Caller): boolean => upstreams.of(tenantOf(caller)) !== undefined;
  const admission = { authentication, isServed, events: authenticationEvents(logger) };
  const admitted = async (headers: RequestHeaders): Promise<Caller> => {
    checkOrigin(headers, corsOrigins);
    return await admit(headers, admission);
  };
  const contextOf = contextFactory(options, parts);
  const documents = documentRoute({
    admit: admitted,
    rateLimit,
    contextOf,
    signalOf: (req) => lifecycle.inFlight.signalOf(req),
    logger,
  });
  const graphql = createGraphql(options, parts, {
    scrub,
    admission,
    admit: admitted,
    rateLimit,
    contextOf,
    pageDocuments: hasWorkbench(options) ? new WorkbenchDocuments() : undefined,
  });
  const answer = createListener({
    answerGraphql: graphql.answer,
    gatekeeper,
    routes: [...pageRoutes(options, parts, admission), documents, graphql.answerJson],
    corsOrigins,
    scrub,
    streamStallMs,
    tracer,
    logger,
  });
  const listener: RequestListener = (req, res) => {
    lifecycle.closeConnectionAfter(res);
    if (answerProbe(req, res, readiness)) return;
    lifecycle.begin(req, res);
    answer(req, res);
  };
  return { listener, gatekeeper };
}

/** A gateway with trusted documents would refuse the operations of GraphiQL, so it has no pages with operations. */
const hasGraphiql = ({ protections }: GatewayOptions): boolean =>
  protections.graphiql && protections.trustedDocuments === undefined;

const hasWorkbench = (options: GatewayOptions): boolean => options.isSandbox && hasGraphiql(options);

/** What browsers open. The workbench, GraphiQL and with them the control API of the sandbox can be switched off. */
function pageRoutes(options: GatewayOptions, { lifecycle }: Parts, admission: AdmissionOptions): Route[] {
  const pages = pagesRoute({ isSandbox: hasWorkbench(options), graphiql: hasGraphiql(options) });
  if (!hasWorkbench(options)) return [pages];
  const control = controlRoute({
    sandbox: options.apiUrl.origin,
    admit: (headers) => admit(headers, admission),
    signalOf: (req) => lifecycle.inFlight.signalOf(req),
  });
  return [pages, control];
}

/** The modules of the metrics are loaded only when they are needed. The primary of workers serves theirs. */
async function serveMetrics(
  { metrics, primary, protections: { trustedDocuments } }: GatewayOptions,
  { events, queues, lifecycle, watchers, blocks, webhooks, dependencies }: Parts,
): Promise<MetricsEndpoint | undefined> {
  if (metrics === undefined) return undefined;
  const { createMetrics } = await import('../observability/metrics/metrics.ts');
  const registry = createMetrics(events, {
    version: readVersion(),
    operationNames: operationNames(schema, trustedDocuments),
    dependencies,
    requestsInFlight: () => lifecycle.inFlight.size,
    openStreams: () => lifecycle.inFlight.streams,
    watchedRequests: () => watchers.watchedRequests,
    blocksInUse: () => blocks.inUse,
    uploadsWaitingForBlocks: () => blocks.waiting,
    webhooksQueued: () => webhooks.countQueued(),
    queues,
  });
  if (primary === undefined) {
    const { startMetrics } = await import('../observability/metrics/start-metrics.ts');
    return startMetrics(metrics, registry);
  }
  primary.provideMetrics(() => registry.getMetricsAsJSON());
  return undefined;
}
