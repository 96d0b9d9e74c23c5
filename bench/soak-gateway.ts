import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { loadConfig } from '../src/config.ts';
import { createEvents } from '../src/events.ts';
import { startGateway } from '../src/gateway.ts';

/** The gateway of the soak, as its defaults have it, in a process of its own. Tells its memory and handles when asked. */
export interface Measured {
  /** In bytes, after a garbage collection. */
  readonly rss: number;
  readonly heapUsed: number;
  /** By kind, as of `process.getActiveResourcesInfo`. */
  readonly handles: Record<string, number>;
  /** Attempts at calls of the service and its storage, by operation. */
  readonly attempts: Record<string, number>;
  /** Those of them that may have ended before they were sent: in the queue of the budget, or without a connection. */
  readonly unsure: Record<string, number>;
}

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

const origin = process.argv[2] ?? '';
const config = loadConfig({ PORT: '0', SANDBOX_URL: `${origin}/api/v1/sign` });
const events = createEvents();
const attempts: Record<string, number> = {};
const unsure: Record<string, number> = {};
const UNSURE = ['aborted', 'timeout', 'unreachable', 'rate-limited', 'over-budget', 'circuit-open'];
events.on('upstreamCall', ({ operation, outcome, attempts: made }) => {
  attempts[operation] = (attempts[operation] ?? 0) + made;
  if (UNSURE.includes(outcome)) unsure[operation] = (unsure[operation] ?? 0) + 1;
});
const gateway = await startGateway({
  ...config,
  apiUrl: new URL(`${origin}/api/v1/sign`),
  apiKey: 'soak',
  isSandbox: true,
  storageHosts: [origin],
  events,
  logger: pino({ level: 'silent' }),
});

function measured(): Measured {
  if (typeof collect === 'function') collect();
  const { rss, heapUsed } = process.memoryUsage();
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  return { rss, heapUsed, handles, attempts, unsure };
}

process.on('message', () => process.send?.(measured()));
process.send?.({ url: gateway.url });
await once(process, 'disconnect');
process.exit();
