import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { loadConfig } from '../src/config.ts';
import { startGateway } from '../src/gateway.ts';

/** The gateway as its defaults have it, in front of a sandbox, in a process of its own. Tells its memory when asked. */
setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

const origin = process.argv[2] ?? '';
const config = loadConfig({
  PORT: '0',
  SANDBOX_URL: `${origin}/api/v1/sign`,
  // All subscribers of the benchmark are one caller, at one address.
  MAX_STREAMS_PER_CALLER: '5000',
  RATE_LIMIT_PER_MINUTE: '0',
});
const gateway = await startGateway({
  ...config,
  apiUrl: new URL(`${origin}/api/v1/sign`),
  apiKey: 'bench',
  isSandbox: true,
  storageHosts: [origin],
  logger: pino({ level: 'warn' }),
});
process.on('message', () => {
  if (typeof collect === 'function') collect();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ rss, heapUsed, cpu: process.cpuUsage() });
});
process.send?.({ url: gateway.url });
await once(process, 'disconnect');
process.exit();
