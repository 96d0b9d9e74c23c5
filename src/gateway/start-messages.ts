import { styleText } from 'node:util';
import { ConfigError } from '../config/load.ts';
import { ListenError } from '../http/server.ts';
import { RedisUnavailableError } from '../redis/redis-errors.ts';
import { WorkerStartError } from './workers/worker-process.ts';

export interface Served {
  readonly version: string;
  /** The URL of the GraphQL endpoint. */
  readonly url: string;
  /** Whether browsers get GraphiQL and, against a sandbox, the workbench. */
  readonly graphiql: boolean;
  readonly isSandbox: boolean;
  readonly upstreamUrl: string;
  /** The host of the proxy to the upstream. */
  readonly proxy: string | undefined;
  readonly metricsUrl: string | undefined;
  /** The number of processes that answer. */
  readonly workers: number;
}

/** The line for a log: programs may read the URL of the endpoint from it. */
export function startLine(served: Served): string {
  const { url, graphiql, isSandbox, upstreamUrl, proxy, metricsUrl } = served;
  const address = asLocalhost(url);
  const workbench = isSandbox ? ` or ${new URL(address).origin} (workbench)` : '';
  const what = graphiql ? `open ${address} (GraphiQL)${workbench}` : address;
  const workers = served.workers > 1 ? `; ${served.workers} workers` : '';
  const where = isSandbox ? `the sandbox at ${asLocalhost(upstreamUrl)}` : upstreamUrl;
  const through = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  const seen = metricsUrl === undefined ? '' : `; metrics at ${asLocalhost(metricsUrl)}`;
  return `Sigillo: ${what}${workers}; it talks to ${where}${through}${seen}\n`;
}

/** The greeting for a person at a terminal: what runs, where to look, and what to try first, in 80 columns. */
export function greeting(served: Served, stream: NodeJS.WriteStream = process.stdout): string {
  const { version, url, graphiql, isSandbox, upstreamUrl, proxy, metricsUrl } = served;
  const bold = (text: string): string => styleText('bold', text, { stream });
  const link = (text: string): string => styleText('cyan', asLocalhost(text), { stream });
  const page = new URL('/', url).href;
  const through = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  const rows: (readonly [string, string])[] = [
    ...(graphiql && isSandbox ? [['Workbench', link(page)] as const] : []),
    [graphiql ? 'GraphiQL' : 'GraphQL', link(url)],
    [isSandbox ? 'Sandbox' : 'Service', `${link(upstreamUrl)}${through}`],
    ...(served.workers > 1 ? [['Workers', String(served.workers)] as const] : []),
    ...(metricsUrl === undefined ? [] : [['Metrics', link(metricsUrl)] as const]),
  ];
  return [
    '',
    `${bold(`Sigillo ${version}`)}, a GraphQL gateway for Firma con IO${isSandbox ? ', with a sandbox' : ''}`,
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(11)}${value}`),
    '',
    `${bold('Try first:')} ${firstStep(served)}`,
    '',
    `  curl ${asLocalhost(url)} -H 'content-type: application/json' \\`,
    `    -d '{"query":"{ __typename }"}'`,
    '',
    `Ctrl-C stops it. Settings: docs/reference/configuration.md, npm start -- --help.`,
    '',
    '',
  ].join('\n');
}

function firstStep({ graphiql, isSandbox }: Served): string {
  if (!graphiql) return 'in another terminal';
  return isSandbox
    ? 'open the workbench, choose a PDF, and sign it. Or in a terminal:'
    : 'open GraphiQL. Or in another terminal:';
}

/** The host name as in the documentation. */
function asLocalhost(url: string): string {
  return url.replace('//127.0.0.1:', '//localhost:');
}

/** The message for a mistake that the operator can fix, with its remedy. */
export function mistakeOf(error: unknown): string | undefined {
  if (
    error instanceof ConfigError ||
    error instanceof RedisUnavailableError ||
    error instanceof WorkerStartError
  )
    return error.message;
  return error instanceof ListenError ? `${troubleOf(error)} ${remedyOf(error)}` : undefined;
}

const LISTENS_AT = {
  gateway: { host: 'HOST', port: 'PORT' },
  metrics: { host: 'METRICS_HOST', port: 'METRICS_PORT' },
  // The sandbox always listens on this machine.
  sandbox: { host: 'SANDBOX_PORT', port: 'SANDBOX_PORT' },
} as const;

/** What prevents a server from listening, without the words of the system. */
function troubleOf({ code, cause }: ListenError): string {
  const address = addressOf(cause);
  if (code === 'EADDRINUSE') return `${address} is in use.`;
  return code === 'EACCES'
    ? `This user may not listen on ${address}.`
    : `No server can listen on ${address} (${code}).`;
}

/** The address of a failed `listen`, from the properties of the system error. */
function addressOf(error: unknown): string {
  if (!(error instanceof Error)) return 'its address';
  // A name that is not found has no address, and no port.
  if ('hostname' in error) return String(error.hostname);
  const host = 'address' in error ? String(error.address) : '';
  const port = 'port' in error ? `:${String(error.port)}` : '';
  return `${host.includes(':') ? `[${host}]` : host}${port}`;
}

function remedyOf({ server, code }: ListenError): string {
  const { host, port } = LISTENS_AT[server];
  if (code === 'EACCES') return `Set ${port} to a port that this user may listen on.`;
  if (code !== 'EADDRINUSE') return `Set ${host} to an address of this machine.`;
  const other = server === 'sandbox' ? ', or SANDBOX_URL to the URL of the sandbox that runs there' : '';
  return `Set ${port} to a free port${other}.`;
}
