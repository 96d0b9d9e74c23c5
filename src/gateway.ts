import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createYoga } from 'graphql-yoga';
import type { Logger } from 'pino';
import { ANYBODY } from './auth/caller.ts';
import { createContext } from './context.ts';
import { createMaskError } from './plugins/mask-error.ts';
import { useBodyLimit } from './plugins/use-body-limit.ts';
import { useExplorer } from './plugins/use-explorer.ts';
import { useOperationLimits } from './plugins/use-operation-limits.ts';
import { useReadableParameters } from './plugins/use-readable-parameters.ts';
import { useSameOrigin } from './plugins/use-same-origin.ts';
import { useUploads } from './plugins/use-uploads.ts';
import { schema } from './schema/index.ts';
import { BlockPool } from './uploads/block-pool.ts';
import { createUpstreamClient } from './upstream/client.ts';
import { createStorage } from './upstream/storage.ts';

export interface GatewayOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly apiUrl: URL;
  readonly apiKey: string;
  /** The upstream is a sandbox: headers of callers that it understands are passed on. @default false */
  readonly isSandbox?: boolean;
  /** Where upload addresses may lead; see `checkStorageUrl`. */
  readonly storageHosts: readonly string[];
  readonly upstreamTimeoutMs: number;
  readonly upstreamConnections: number;
  readonly maxUploadBytes: number;
  readonly uploadStallMs: number;
  readonly logger: Logger;
}

export interface Gateway {
  /** Address of the GraphQL endpoint. */
  readonly url: string;
  /** Lets running requests end, then frees every socket. */
  close(): Promise<void>;
}

/** JSON bodies only: files do not pass here. */
const MAX_JSON_BYTES = 1_000_000;

/** Composition root: puts the parts together and listens. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const upstream = createUpstreamClient({
    baseUrl: options.apiUrl,
    apiKey: options.apiKey,
    timeoutMs: options.upstreamTimeoutMs,
    connections: options.upstreamConnections,
  });
  const storage = createStorage({ allowedHosts: options.storageHosts });
  const { isSandbox = false, maxUploadBytes, uploadStallMs } = options;
  const limits = { maxUploadBytes, uploadStallMs };
  const parts = { upstream, storage, blocks: new BlockPool(), isSandbox, limits };
  const yoga = createYoga({
    schema,
    context: (initial) => createContext(parts, ANYBODY, initial),
    multipart: false,
    maxRequestBodySize: false,
    plugins: [
      useExplorer(),
      useSameOrigin(),
      useUploads({ maxFileBytes: maxUploadBytes, stallTimeoutMs: uploadStallMs }),
      useBodyLimit(MAX_JSON_BYTES),
      useReadableParameters(),
      useOperationLimits(),
    ],
    maskedErrors: { maskError: createMaskError(options.logger) },
    logging: false,
    landingPage: false,
    cors: false,
    graphiql: false,
  });
  // Uploads may take longer than Node's default for a whole request; stalls are watched by the uploads plugin.
  const server = createServer({ requestTimeout: 0 }, yoga);
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(options.port, options.host, listening.resolve);
  await listening.promise;
  // A TCP server's address is an `AddressInfo`; strings and null are for pipes and closed servers.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${hostInUrl(options.host)}:${port}/graphql`,
    async close() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      // Connections that fall idle later too: a client that keeps its one open would hold the gateway up.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      await closed.promise;
      clearInterval(sweep);
      await Promise.all([upstream.close(), storage.close()]);
    },
  };
}

function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
