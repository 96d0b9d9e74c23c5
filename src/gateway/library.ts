import type { RequestListener, Server } from 'node:http';
import type { Logger } from 'pino';
import { ConfigError, loadConfig } from '../config/load.ts';
import type { Config } from '../config/load.ts';
import { secretsIn, secretsOf } from '../config/secrets.ts';
import { createLogger } from '../observability/logging/logger.ts';
import { chooseUpstream } from './choose-upstream.ts';
import type { Upstream } from './choose-upstream.ts';
import { openHere, startHere } from './start-here.ts';

export { ConfigError } from '../config/load.ts';
export { ListenError } from '../http/server.ts';
export { RedisUnavailableError } from '../redis/redis-errors.ts';

/** The variables of docs/reference/configuration.md, by name. `process.env` is one. */
export type Variables = Readonly<Record<string, string | undefined>>;

export interface LibraryOptions {
  /** A pino logger. @default JSON lines on standard output, at `LOG_LEVEL` and without secrets */
  readonly logger?: Logger;
}

/** A gateway with a server of its own. */
export interface RunningGateway {
  /** The URL of the GraphQL endpoint. */
  readonly url: string;
  /** The URL of the metrics, if `METRICS_PORT` is set. */
  readonly metricsUrl: string | undefined;
  /** Accepts no more connections, lets requests in flight end, and frees every socket. */
  close(): Promise<void>;
}

/** A gateway without a server. */
export interface GatewayHandler {
  /** Answers a request for `/graphql`, `/documents/…`, `/health` and `/ready`; other paths are 404. */
  readonly handler: RequestListener;
  readonly metricsUrl: string | undefined;
  /** Closes the server with the handler as a gateway closes its own, then frees every socket of the gateway. */
  close(server: Server): Promise<void>;
}

/**
 * Starts a gateway that listens on `HOST` and `PORT`. Without an API key of the service it starts a sandbox, as `npm start` does,
 * except in production. The process is the caller's: it handles signals, and calls `close`.
 *
 * @throws {ConfigError} a variable is wrong; the message names it and the fix
 * @throws {ListenError} a port is taken
 * @throws {RedisUnavailableError} the Redis of `REDIS_URL` does not answer
 */
export async function startGateway(
  variables: Variables,
  options: LibraryOptions = {},
): Promise<RunningGateway> {
  const { config, upstream, logger } = await prepare(variables, options);
  const gateway = await startHere(config, upstream, logger).catch(closeAfterFailure(upstream));
  const close = async (): Promise<void> => {
    await gateway.close();
    await upstream.close();
  };
  return { ...gateway, close };
}

/**
 * Opens a gateway whose handler answers requests of an existing `node:http` server. The server's own limits apply to headers and
 * slow clients.
 *
 * @throws as `startGateway`
 */
export async function openGateway(
  variables: Variables,
  options: LibraryOptions = {},
): Promise<GatewayHandler> {
  const { config, upstream, logger } = await prepare(variables, options);
  const gateway = await openHere(config, upstream, logger).catch(closeAfterFailure(upstream));
  const close = async (server: Server): Promise<void> => {
    await gateway.close(server);
    await upstream.close();
  };
  return { ...gateway, close };
}

interface Prepared {
  readonly config: Config;
  readonly upstream: Upstream;
  readonly logger: Logger;
}

async function prepare(variables: Variables, options: LibraryOptions): Promise<Prepared> {
  const config = loadConfig(variables);
  if (config.workers > 1)
    throw new ConfigError('WEB_CONCURRENCY must be 1: the library runs in the process that calls it.');
  const secrets = [...secretsIn(variables), ...secretsOf(config)];
  const logger = options.logger ?? createLogger({ level: config.logLevel, secrets });
  for (const warning of config.warnings) logger.warn(warning);
  return { config, upstream: await chooseUpstream(config, logger), logger };
}

/** A sandbox that stayed open would keep the process alive. */
const closeAfterFailure =
  (upstream: Upstream) =>
  async (error: unknown): Promise<never> => {
    await upstream.close();
    throw error;
  };
