import { ConfigError, loadConfig } from '../config/load.ts';
import type { Config } from '../config/load.ts';
import { startGateway } from './start-gateway.ts';
import type { Gateway } from './start-gateway.ts';
import { sendAllToLogger } from '../observability/logging/all-to-logger.ts';
import { lineForPeople } from '../observability/logging/line-for-people.ts';
import { createLogger } from '../observability/logging/logger.ts';
import { createScrubber } from '../observability/logging/scrubber.ts';
import { buildPages } from '../pages/build-pages.ts';
import { RedisUnavailableError } from '../redis/redis-errors.ts';
import { secretsIn, secretsOf } from '../config/secrets.ts';
import { ListenError } from '../http/server.ts';
import type { IssuerKeys } from '../upstream/clients.ts';

interface Upstream {
  readonly apiUrl: URL;
  readonly apiKey: IssuerKeys;
  readonly isSandbox: boolean;
  readonly storageHosts: readonly string[];
  readonly close: () => Promise<void>;
}

/** The service with an API key, otherwise a sandbox: the configured one, or one that is started here. */
async function chooseUpstream(config: Config): Promise<Upstream> {
  const { apiKey, apiUrl, sandboxUrl, storageHosts } = config;
  if (sandboxUrl !== undefined) return { ...sandboxAt(sandboxUrl), ...(apiKey !== undefined && { apiKey }) };
  if (apiKey !== undefined && apiUrl !== undefined) {
    return { apiUrl, apiKey, isSandbox: false, storageHosts, close: () => Promise.resolve() };
  }
  const { startSandbox } = await import('../../mocks/sandbox/http/server.ts');
  const sandbox = await startSandbox({ port: config.sandboxPort, logger }).catch((error: unknown) => {
    throw error instanceof Error && 'syscall' in error ? new ListenError('sandbox', error) : error;
  });
  const close = async (): Promise<void> => {
    sandbox.takeViolations(); // each was logged when it happened
    await sandbox.close();
  };
  return { ...sandboxAt(new URL(sandbox.url)), close };
}

/** The sandbox accepts any key and stores files itself. */
function sandboxAt(apiUrl: URL): Upstream {
  return {
    apiUrl,
    apiKey: 'sandbox',
    isSandbox: true,
    storageHosts: [apiUrl.origin],
    close: () => Promise.resolve(),
  };
}

/** A terminal gets lines for people, everything else JSON. */
const terminal = process.stdout.isTTY
  ? { write: (line: string): boolean => process.stdout.write(lineForPeople(line)) }
  : {};
// Writing to a closed terminal fails, which must not prevent an orderly shutdown.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
let logger = createLogger({ level: 'info', secrets: secretsIn(process.env), ...terminal });
sendAllToLogger(() => logger);

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const secrets = [...secretsIn(process.env), ...secretsOf(config)];
  logger = createLogger({ level: config.logLevel, secrets, ...terminal });
  for (const warning of config.warnings) logger.warn(warning);
  if (config.protections.graphiql) await buildPages();
  const upstream = await chooseUpstream(config);
  const tracing =
    config.tracing &&
    (await import('../observability/tracing/start-tracing.ts')).startTracing(
      config.tracing,
      logger,
      config.proxyFor,
    );
  let gateway: Gateway;
  try {
    gateway = await startGateway({ ...config, ...upstream, logger, tracer: tracing?.tracer });
  } catch (error) {
    await upstream.close(); // or an open sandbox would keep the process alive
    throw error;
  }
  const proxy = config.proxyFor(upstream.apiUrl);
  const through = proxy === undefined ? '' : ` through the proxy ${proxy.host}`;
  const where = upstream.isSandbox
    ? `the sandbox at ${asLocalhost(upstream.apiUrl.href)}`
    : upstream.apiUrl.href;

  endOnSignal(async () => {
    await gateway.close();
    await upstream.close();
    await tracing?.close();
  });
  // Last, because a process that reads this line may send a signal at once.
  const { graphiql, trustedDocuments } = config.protections;
  const address = asLocalhost(gateway.url);
  const workbench = upstream.isSandbox ? ` or ${new URL('/', address).origin} (workbench)` : '';
  const what =
    graphiql && trustedDocuments === undefined ? `open ${address} (GraphiQL)${workbench}` : address;
  const { metricsUrl } = gateway;
  const seen = metricsUrl === undefined ? '' : `; metrics at ${asLocalhost(metricsUrl)}`;
  process.stdout.write(`Sigillo: ${what}; it talks to ${where}${through}${seen}\n`);
}

/** npm forwards Ctrl-C to a process that has already received it from the terminal. */
const SAME_KEY_MS = 200;

/**
 * The first signal calls `stop`; a second SIGTERM or SIGINT exits the process immediately. SIGHUP means that the terminal, or
 * the npm that started this process, has ended, which may follow a signal to all of them.
 */
function endOnSignal(stop: () => Promise<void>): void {
  let stoppingSince: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== undefined) {
      if (signal === 'SIGHUP') return;
      if (signal === 'SIGINT' && performance.now() - stoppingSince < SAME_KEY_MS) return;
      process.exit(1);
    }
    stoppingSince = performance.now();
    logger.info('shutting down: waiting for in-flight requests; press Ctrl-C again to exit immediately');
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.fatal({ err: error }, 'the shutdown failed');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
}

/** The host name as in the documentation. */
function asLocalhost(url: string): string {
  return url.replace('//127.0.0.1:', '//localhost:');
}

/** The message for a mistake that the operator can fix, with its remedy. */
function mistakeOf(error: unknown): string | undefined {
  if (error instanceof ConfigError || error instanceof RedisUnavailableError) return error.message;
  return error instanceof ListenError ? `${error.message}. ${remedyOf(error)}` : undefined;
}

const LISTENS_AT = {
  gateway: { host: 'HOST', port: 'PORT' },
  metrics: { host: 'METRICS_HOST', port: 'METRICS_PORT' },
  // The sandbox always listens on this machine.
  sandbox: { host: 'SANDBOX_PORT', port: 'SANDBOX_PORT' },
} as const;

function remedyOf({ server, code }: ListenError): string {
  const { host, port } = LISTENS_AT[server];
  if (code === 'EACCES') return `Set ${port} to a port that this user may listen on.`;
  if (code !== 'EADDRINUSE') return `Set ${host} to an address of this machine.`;
  const other = server === 'sandbox' ? ', or SANDBOX_URL to the sandbox that runs there' : '';
  return `Set ${port} to a free port${other}.`;
}

try {
  await main();
} catch (error) {
  const mistake = mistakeOf(error);
  if (mistake === undefined) throw error;
  process.stderr.write(`Sigillo could not start. ${createScrubber(secretsIn(process.env))(mistake)}\n`);
  process.exitCode = 1;
}
