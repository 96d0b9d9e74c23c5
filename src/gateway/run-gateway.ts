import cluster from 'node:cluster';
import { styleText } from 'node:util';
import type { Logger } from 'pino';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/load.ts';
import { secretsIn, secretsOf } from '../config/secrets.ts';
import { sendAllToLogger, lineForPeople, createLogger } from '../observability/logging/logger.ts';
import { createScrubber } from '../observability/logging/scrubber.ts';
import { buildPages } from '../pages/build-pages.ts';
import { readVersion } from '../version.ts';
import { chooseUpstream } from './choose-upstream.ts';
import type { Upstream } from './choose-upstream.ts';
import { greeting, startLine, mistakeOf } from './start-messages.ts';
import type { Served } from './start-messages.ts';
import type { Gateway } from './start-gateway.ts';
import { startHere } from './start-here.ts';

/** A terminal gets lines for people, everything else JSON. */
const terminal = process.stdout.isTTY
  ? { write: (line: string): boolean => process.stdout.write(lineForPeople(line)) }
  : {};
// Writing to a closed terminal fails, which must not prevent an orderly shutdown.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
let logger = createLogger({ level: 'info', secrets: secretsIn(process.env), ...terminal });
sendAllToLogger(() => logger);

/** Reads the configuration, and logs its warnings once, not in each worker. */
function configure(): Config {
  const config = loadConfig(process.env);
  const secrets = [...secretsIn(process.env), ...secretsOf(config)];
  logger = createLogger({ level: config.logLevel, secrets, worker: cluster.worker?.id, ...terminal });
  if (cluster.isPrimary) for (const warning of config.warnings) logger.warn(warning);
  return config;
}

/** A gateway of several workers, which use the upstream of this process. */
async function startInWorkers(config: Config, { apiUrl, isSandbox }: Upstream): Promise<Gateway> {
  const { startWorkers } = await import('./workers/start-workers.ts');
  return await startWorkers({ ...config, env: isSandbox ? { SANDBOX_URL: apiUrl.href } : {}, logger });
}

async function main(): Promise<void> {
  const config = configure();
  if (config.protections.graphiql) await buildPages();
  const upstream = await chooseUpstream(config, logger);
  let gateway: Gateway;
  try {
    const start = config.workers > 1 ? startInWorkers : startHere;
    gateway = await start(config, upstream, logger);
  } catch (error) {
    await upstream.close(); // or an open sandbox would keep the process alive
    throw error;
  }
  endOnSignal(async () => {
    await gateway.close();
    await upstream.close();
  }, logger);
  // Last, because a process that reads this line may send a signal at once.
  const served = servedBy(config, upstream, gateway);
  process.stdout.write(process.stdout.isTTY ? greeting(served) : startLine(served));
}

function servedBy(config: Config, upstream: Upstream, { url, metricsUrl }: Gateway): Served {
  const { graphiql, trustedDocuments } = config.protections;
  return {
    version: readVersion(),
    url,
    graphiql: graphiql && trustedDocuments === undefined,
    isSandbox: upstream.isSandbox,
    upstreamUrl: upstream.apiUrl.href,
    proxy: config.proxyFor(upstream.apiUrl)?.host,
    metricsUrl,
    workers: config.workers,
  };
}

async function work(): Promise<void> {
  const { runWorker, shareOf } = await import('./workers/run-worker.ts');
  await runWorker(async (primary) => {
    const config = configure();
    return await startHere(shareOf(config), await chooseUpstream(config, logger), logger, primary);
  });
}

/** npm forwards Ctrl-C to a process that has already received it from the terminal. */
const SAME_KEY_MS = 200;

/**
 * The first signal calls `stop`; a second SIGTERM or SIGINT exits the process immediately. SIGHUP means that the terminal, or
 * the npm that started this process, has ended, which may follow a signal to all of them.
 */
function endOnSignal(stop: () => Promise<void>, logger: Logger): void {
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

try {
  await (cluster.isWorker ? work() : main());
} catch (error) {
  const mistake = mistakeOf(error);
  if (mistake === undefined) throw error;
  const title = styleText('red', 'Sigillo could not start.', { stream: process.stderr });
  process.stderr.write(`${title} ${createScrubber(secretsIn(process.env))(mistake)}\n`);
  process.exitCode = 1;
}
