import { ConfigError } from '../config/load.ts';
import { ListenError } from '../http/server.ts';
import { RedisUnavailableError } from '../redis/redis-errors.ts';
import { WorkerStartError } from './workers/worker-process.ts';

/** The message for a mistake that the operator can fix, with its remedy. */
export function mistakeOf(error: unknown): string | undefined {
  if (
    error instanceof ConfigError ||
    error instanceof RedisUnavailableError ||
    error instanceof WorkerStartError
  )
    return error.message;
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
  const other = server === 'sandbox' ? ', or SANDBOX_URL to the URL of the sandbox that runs there' : '';
  return `Set ${port} to a free port${other}.`;
}
