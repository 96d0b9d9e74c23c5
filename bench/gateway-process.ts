import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { loadConfig } from '../src/config/load.ts';
import { startGateway } from '../src/gateway/start-gateway.ts';

/**
 * The gateway in front of a sandbox, in its own process. `NAME=value` arguments override defaults. It reports its measurements
 * on request.
 */
export interface Measured {
  /** In bytes, after a garbage collection. */
  readonly rss: number;
  readonly heapUsed: number;
  readonly cpu: NodeJS.CpuUsage;
  /** By kind (`process.getActiveResourcesInfo`). */
  readonly handles: Record<string, number>;
  /** Calls that undici wrote to a connection, by method and path. */
  readonly sent: Record<string, number>;
  /** The errors of those calls that got no answer. */
  readonly failed: Record<string, string[]>;
}

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

const sent: Measured['sent'] = {};
const failed: Measured['failed'] = {};
/** Message of `undici:client:sendHeaders` and `undici:request:error`. */
interface RequestMessage {
  readonly request: { readonly method: string; readonly path: string };
  readonly error?: Error & { readonly code?: string };
}
const keyOf = ({ request: { method, path } }: RequestMessage): string => `${method} ${path.split('?', 1)[0]}`;
const onTheWay = new WeakSet<RequestMessage['request']>();
subscribe('undici:client:sendHeaders', (message) => {
  const sentMessage = message as RequestMessage;
  onTheWay.add(sentMessage.request);
  sent[keyOf(sentMessage)] = (sent[keyOf(sentMessage)] ?? 0) + 1;
});
subscribe('undici:request:error', (message) => {
  const sentMessage = message as RequestMessage;
  if (!onTheWay.has(sentMessage.request)) return;
  (failed[keyOf(sentMessage)] ??= []).push(
    `${sentMessage.error?.code ?? sentMessage.error?.name}: ${sentMessage.error?.message}`,
  );
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
