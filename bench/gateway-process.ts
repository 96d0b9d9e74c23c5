import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { loadConfig } from '../src/config/load.ts';
import { startGateway } from '../src/gateway/start-gateway.ts';

/**
 * The gateway in front of a sandbox, as its defaults and `NAME=value` arguments have it, in a process of its own. Tells what it
 * has measured when asked.
 */
export interface Measured {
  /** In bytes, after a garbage collection. */
  readonly rss: number;
  readonly heapUsed: number;
  readonly cpu: NodeJS.CpuUsage;
  /** By kind, as of `process.getActiveResourcesInfo`. */
  readonly handles: Record<string, number>;
  /** Calls that went out on a connection, as undici tells of them, by method and path. */
  readonly sent: Record<string, number>;
  /** Those of them that have no answer: the errors that they ended with. */
  readonly failed: Record<string, string[]>;
}

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

const sent: Measured['sent'] = {};
const failed: Measured['failed'] = {};
/** What `undici:client:sendHeaders` and `undici:request:error` are told. */
interface Told {
  readonly request: { readonly method: string; readonly path: string };
  readonly error?: Error & { readonly code?: string };
}
const keyOf = ({ request: { method, path } }: Told): string => `${method} ${path.split('?', 1)[0]}`;
const onTheWay = new WeakSet<Told['request']>();
subscribe('undici:client:sendHeaders', (message) => {
  const told = message as Told;
  onTheWay.add(told.request);
  sent[keyOf(told)] = (sent[keyOf(told)] ?? 0) + 1;
});
subscribe('undici:request:error', (message) => {
  const told = message as Told;
  if (!onTheWay.has(told.request)) return;
  (failed[keyOf(told)] ??= []).push(`${told.error?.code ?? told.error?.name}: ${told.error?.message}`);
});

const [, , origin = '', ...settings] = process.argv;
const config = loadConfig({
  PORT: '0',
  SANDBOX_URL: `${origin}/api/v1/sign`,
  ...Object.fromEntries(settings.map((setting) => setting.split('=', 2))),
});
const gateway = await startGateway({
  ...config,
  apiUrl: new URL(`${origin}/api/v1/sign`),
  apiKey: 'bench',
  isSandbox: true,
  storageHosts: [origin],
  logger: pino({ level: 'silent' }),
});

function measured(): Measured {
  if (typeof collect === 'function') collect();
  const { rss, heapUsed } = process.memoryUsage();
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  return { rss, heapUsed, cpu: process.cpuUsage(), handles, sent, failed };
}

process.on('message', () => process.send?.(measured()));
process.send?.({ url: gateway.url });
await once(process, 'disconnect');
process.exit();
