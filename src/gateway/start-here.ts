import type { Logger } from 'pino';
import type { Config } from '../config/load.ts';
import type { Tracing } from '../observability/tracing/start-tracing.ts';
import type { Upstream } from './choose-upstream.ts';
import type { GatewayOptions, Primary } from './parts.ts';
import type { Gateway, MountableGateway } from './start-gateway.ts';

/** A gateway in this process, with its tracing. */
export async function startHere(
  config: Config,
  upstream: Upstream,
  logger: Logger,
  primary?: Primary,
): Promise<Gateway> {
  const tracing = await traced(config, logger);
  const { startGateway } = await import('./start-gateway.ts');
  const gateway = await startGateway(optionsOf(config, upstream, logger, tracing, primary));
  const close = async (): Promise<void> => {
    await gateway.close();
    await tracing?.close();
  };
  return { ...gateway, close };
}

/** The same without a server. */
export async function openHere(
  config: Config,
  upstream: Upstream,
  logger: Logger,
): Promise<MountableGateway> {
  const tracing = await traced(config, logger);
  const { openGateway } = await import('./start-gateway.ts');
  const gateway = await openGateway(optionsOf(config, upstream, logger, tracing));
  const close: MountableGateway['close'] = async (server) => {
    await gateway.close(server);
    await tracing?.close();
  };
  return { ...gateway, close };
}

/** The SDK of OpenTelemetry is loaded only if traces are configured. */
async function traced({ tracing, proxyFor }: Config, logger: Logger): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined;
  const { startTracing } = await import('../observability/tracing/start-tracing.ts');
  return startTracing(tracing, logger, proxyFor);
}

function optionsOf(
  config: Config,
  upstream: Upstream,
  logger: Logger,
  tracing: Tracing | undefined,
  primary?: Primary,
): GatewayOptions {
  return { ...config, ...upstream, logger, tracer: tracing?.tracer, ...(primary && { primary }) };
}
