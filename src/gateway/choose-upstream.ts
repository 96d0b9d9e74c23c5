import type { Logger } from 'pino';
import { ConfigError } from '../config/load.ts';
import type { Config } from '../config/load.ts';
import { ListenError } from '../http/server.ts';
import type { IssuerKeys } from '../upstream/clients.ts';

/** The service or a sandbox, and the API key for it. */
export interface Upstream {
  readonly apiUrl: URL;
  readonly apiKey: IssuerKeys;
  readonly isSandbox: boolean;
  readonly storageHosts: readonly string[];
  readonly close: () => Promise<void>;
}

/**
 * The service with an API key, otherwise a sandbox: the configured one, or one that is started here.
 * @throws {ConfigError} @throws {ListenError} of the sandbox
 */
export async function chooseUpstream(config: Config, logger: Logger): Promise<Upstream> {
  const { apiKey, apiUrl, sandboxUrl, storageHosts } = config;
  if (sandboxUrl !== undefined) return { ...sandboxAt(sandboxUrl), ...(apiKey !== undefined && { apiKey }) };
  if (apiKey !== undefined && apiUrl !== undefined) {
    return { apiUrl, apiKey, isSandbox: false, storageHosts, close: () => Promise.resolve() };
  }
  const { startSandbox } = await importSandbox();
  const sandbox = await startSandbox({ port: config.sandboxPort, logger }).catch((error: unknown) => {
    throw error instanceof Error && 'syscall' in error ? new ListenError('sandbox', error) : error;
  });
  const close = async (): Promise<void> => {
    sandbox.takeViolations(); // each was logged when it happened
    await sandbox.close();
  };
  return { ...sandboxAt(new URL(sandbox.url)), close };
}

/** In a checkout its packages are development dependencies. The published package has copies of them. */
async function importSandbox() {
  try {
    return await import('../../mocks/sandbox/http/server.ts');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).endsWith('MODULE_NOT_FOUND')))
      throw error;
    throw new ConfigError(
      'Without FIRMA_API_KEY a sandbox starts, whose packages are not installed: set FIRMA_API_KEY, or run `npm ci` without --omit=dev.',
    );
  }
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
