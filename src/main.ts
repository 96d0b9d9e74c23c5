import { pino } from 'pino';
import { ConfigError, loadConfig } from './config.ts';
import type { Config } from './config.ts';
import { startGateway } from './gateway.ts';
import type { Gateway } from './gateway.ts';

interface Upstream {
  readonly apiUrl: URL;
  readonly apiKey: string;
  readonly storageHosts: readonly string[];
  readonly close: () => Promise<void>;
}

/** The service when there is a key, else the sandbox in this process: the only place where the two halves meet. */
async function chooseUpstream(config: Config): Promise<Upstream> {
  if (config.apiKey !== undefined && config.apiUrl !== undefined) {
    const { apiKey, apiUrl, storageHosts } = config;
    return { apiKey, apiUrl, storageHosts, close: () => Promise.resolve() };
  }
  const { startSandbox } = await import('../mocks/sandbox/server.ts');
  const sandbox = await startSandbox({ port: config.sandboxPort });
  const close = async (): Promise<void> => {
    sandbox.takeViolations();
    await sandbox.close();
  };
  return { apiUrl: new URL(sandbox.url), apiKey: 'sandbox', storageHosts: [sandbox.origin], close };
}

async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const logger = pino({ level: config.logLevel, base: null });
  const upstream = await chooseUpstream(config);
  const gateway: Gateway = await startGateway({ ...config, ...upstream, logger });
  const where = config.apiKey === undefined ? `the sandbox at ${upstream.apiUrl.href}` : upstream.apiUrl.href;
  process.stdout.write(`Sigillo: open ${gateway.url} (GraphiQL); it talks to ${where}\n`);

  const stop = async (): Promise<void> => {
    await gateway.close();
    await upstream.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(1));
      void stop().then(() => process.exit(0));
    });
  }
}

try {
  await main();
} catch (error) {
  const isExpected = error instanceof ConfigError || (error instanceof Error && 'code' in error);
  process.stderr.write(`${isExpected ? error.message : 'Sigillo could not start.'}\n`);
  if (!isExpected) throw error;
  process.exitCode = 1;
}
