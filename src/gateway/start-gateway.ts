import { createGatewayYoga } from './yoga.ts';
import { openParts } from './parts.ts';
import type { Parts } from './parts.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { createScrubber } from '../observability/logging/scrubber.ts';
import type { MetricsEndpoint } from '../observability/metrics/start-metrics.ts';
import { operationNames } from '../graphql/operation-name.ts';
import { OPEN } from '../graphql/protections.ts';
import type { Protections } from '../graphql/protections.ts';
import { schema } from '../schema/index.ts';
import { secretsOf } from '../config/secrets.ts';
import { refuseBadHttp } from '../http/malformed-requests.ts';
import { CLIENT_TIMES, createHttpServer, listen, originOf } from '../http/server.ts';
import { createListener } from '../http/listener.ts';
import { withReadableAddress } from '../http/request-target.ts';
import { readVersion } from '../version.ts';

export type { GatewayOptions } from './gateway-options.ts';

export interface Gateway {
  /** Address of the GraphQL endpoint. */
  readonly url: string;
  readonly metricsUrl: string | undefined;
  /** Lets running requests end, as `stopTimes` says, then frees every socket. */
  close(): Promise<void>;
}

/**
 * Composition root: puts the parts together and listens.
 * @throws {RedisUnavailableError} @throws {ListenError}
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { logger } = options;
  const scrub = createScrubber(secretsOf(options));
  const protections = { ...OPEN, ...options.protections };
  const parts = await openParts(options);
  const yoga = createGatewayYoga(options, parts, { protections, scrub });
  const answer = createListener({
    answer: yoga.handleNodeRequestAndResponse,
    scrub,
    streamStallMs: options.downloadStallMs,
    logger,
  });
  const server = createHttpServer(parts.frontDoor.listener(withReadableAddress(answer, { scrub, logger })), {
    ...CLIENT_TIMES,
    ...options.clientTimes,
  });
  refuseBadHttp(server, logger);
  let metrics: MetricsEndpoint | undefined;
  const release = async (): Promise<void> => {
    await parts.close();
    await metrics?.close();
  };
  const close = async (): Promise<void> => {
    await parts.frontDoor.close(server);
    await release();
  };
  let closed: Promise<void> | undefined;
  try {
    metrics = await serveMetrics(options, parts, protections);
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

/** What is not asked for is not loaded. */
async function serveMetrics(
  { metrics }: GatewayOptions,
  { events, queues, frontDoor, watchers, blocks, webhooks, dependencies }: Parts,
  { trustedDocuments }: Protections,
): Promise<MetricsEndpoint | undefined> {
  if (metrics === undefined) return undefined;
  const { startMetrics } = await import('../observability/metrics/start-metrics.ts');
  return startMetrics(metrics, events, {
    version: readVersion(),
    operationNames: operationNames(schema, trustedDocuments),
    dependencies,
    requestsInFlight: () => frontDoor.running.size,
    openStreams: () => frontDoor.running.streams,
    watchedRequests: () => watchers.watchedRequests,
    blocksInUse: () => blocks.inUse,
    uploadsWaitingForBlocks: () => blocks.waiting,
    webhooksQueued: () => webhooks.countQueued(),
    queues,
  });
}
