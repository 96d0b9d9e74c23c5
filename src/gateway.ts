import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createYoga } from 'graphql-yoga';
import type { Logger } from 'pino';
import { createAuthentication } from './auth/authenticate.ts';
import type { AuthenticationOptions } from './auth/authenticate.ts';
import { tenantOf } from './auth/caller.ts';
import type { Caller } from './auth/caller.ts';
import { createContext } from './context.ts';
import { createEvents } from './events.ts';
import type { GatewayEvents } from './events.ts';
import { StatusWatchers } from './live/status-watchers.ts';
import { createMaskError } from './plugins/mask-error.ts';
import { corsFor } from './plugins/cors.ts';
import { OPEN, protectOperations, protectRequests } from './plugins/protections.ts';
import type { Protections } from './plugins/protections.ts';
import { authenticationEvents, callerOf, useAuthentication } from './plugins/use-authentication.ts';
import { useBodyLimit } from './plugins/use-body-limit.ts';
import { useBodyTime } from './plugins/use-body-time.ts';
import { useNoStore } from './plugins/use-no-store.ts';
import { useUploads } from './plugins/use-uploads.ts';
import { connectRedis } from './redis/connect.ts';
import { schema } from './schema/index.ts';
import { BlockPool } from './uploads/block-pool.ts';
import type { UpstreamClient } from './upstream/client.ts';
import { createUpstreamClients } from './upstream/clients.ts';
import type { IssuerKeys } from './upstream/clients.ts';
import { createStorage } from './upstream/storage.ts';

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
  readonly upstreamConnections: number;
  readonly maxUploadBytes: number;
  readonly uploadStallMs: number;
  /** @default OPEN */
  readonly protections?: Partial<Protections>;
  readonly clientTimes?: Partial<ClientTimes>;
  /** Told what happens. @default an emitter that nobody listens to */
  readonly events?: GatewayEvents;
  /** What gateways share, and what outlives them. Without one it is all in this process. */
  readonly redisUrl?: URL | undefined;
  readonly logger: Logger;
}

/** How long clients may take, in milliseconds. */
export interface ClientTimes {
  /** From the connection, or the end of the answer before, to the end of a request's headers. @default 10 000 */
  readonly headers: number;
  /** For a body that is no upload. @default 20 000 */
  readonly body: number;
  /** For a whole request with its files: as long as an upload address lives, and a little. @default 20 minutes */
  readonly request: number;
  /** Between two requests: longer than proxies commonly keep a connection, so that it is they who end it. @default 65 000 */
  readonly idle: number;
  /** How often the server looks. @default 1 000 */
  readonly checkEvery: number;
}

export interface Gateway {
  /** Address of the GraphQL endpoint. */
  readonly url: string;
  /** Lets running requests end, then frees every socket. */
  close(): Promise<void>;
}

/** JSON bodies only: files do not pass here. */
const MAX_JSON_BYTES = 1_000_000;
/** Of the request line and all headers; beyond it Node answers 431. */
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Composition root: puts the parts together and listens.
 * @throws {RedisUnavailableError}
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const redis =
    options.redisUrl && (await connectRedis(options.redisUrl, { onChange: tellOf(options.logger) }));
  const { events = createEvents() } = options;
  const upstreams = createUpstreamClients(options.apiKey, {
    baseUrl: options.apiUrl,
    timeoutMs: options.upstreamTimeoutMs,
    connections: options.upstreamConnections,
    events,
  });
  const storage = createStorage({ allowedHosts: options.storageHosts, events });
  const { isSandbox = false, maxUploadBytes, uploadStallMs } = options;
  const limits = { maxUploadBytes, uploadStallMs };
  const closing = new AbortController();
  const authenticationLog = authenticationEvents(options.logger);
  const authentication = createAuthentication(options.auth ?? { mode: 'none' }, authenticationLog);
  const upstreamOf = (caller: Caller): UpstreamClient | undefined => upstreams.of(tenantOf(caller));
  const watchers = new StatusWatchers({ events });
  const parts = { storage, blocks: new BlockPool(), events, closing: closing.signal, isSandbox, limits };
  const protections = { ...OPEN, ...options.protections };
  const times: ClientTimes = {
    headers: 10_000,
    body: 20_000,
    request: 20 * 60_000,
    idle: 65_000,
    checkEvery: 1_000,
    ...options.clientTimes,
  };
  const yoga = createYoga({
    schema,
    context(initial) {
      const caller = callerOf(initial.request);
      const upstream = upstreamOf(caller);
      if (upstream === undefined) throw new TypeError('a caller without an issuer has been let in');
      return createContext({ ...parts, upstream, watcher: watchers.of(upstream) }, caller, initial);
    },
    multipart: false,
    maxRequestBodySize: false,
    plugins: [
      useNoStore(),
      ...protectRequests(options.host, protections),
      useAuthentication({
        authentication,
        isServed: (caller) => upstreamOf(caller) !== undefined,
        events: authenticationLog,
      }),
      useUploads({ maxFileBytes: maxUploadBytes, stallTimeoutMs: uploadStallMs }),
      ...protectOperations(protections),
      useBodyLimit(MAX_JSON_BYTES),
      useBodyTime(times.body),
    ],
    maskedErrors: { maskError: createMaskError(options.logger) },
    logging: false,
    landingPage: false,
    cors: corsFor(protections.corsOrigins),
    graphiql: false,
  });
  const server = createServer(
    {
      headersTimeout: times.headers,
      requestTimeout: times.request,
      keepAliveTimeout: times.idle,
      connectionsCheckingInterval: times.checkEvery,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Of two `Authorization` headers Node would take the first, and a proxy in front perhaps the other.
      joinDuplicateHeaders: true,
    },
    yoga,
  );
  const listening = Promise.withResolvers<void>();
  server.once('error', (error) => {
    redis?.disconnect(); // or it would keep the process alive
    listening.reject(error);
  });
  server.listen(options.port, options.host, listening.resolve);
  await listening.promise;
  // A TCP server's address is an `AddressInfo`; strings and null are for pipes and closed servers.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${hostInUrl(options.host)}:${port}/graphql`,
    async close() {
      closing.abort();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      // Connections that fall idle later too: a client that keeps its one open would hold the gateway up.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      await closed.promise;
      clearInterval(sweep);
      authentication.close();
      watchers.close();
      await Promise.all([upstreams.close(), storage.close()]);
      redis?.disconnect();
    },
  };
}

const tellOf =
  (logger: Logger) =>
  (isUp: boolean): void => {
    if (isUp) logger.info('Redis is back');
    else logger.warn('Redis cannot be reached');
  };

function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
