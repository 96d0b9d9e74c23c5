import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startSandbox } from '../mocks/sandbox/http/server.ts';

/** A sandbox in its own process, so that its memory is measured alone. Ends with its parent. */
setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

const sandbox = await startSandbox({ rateLimit: false, timeScale: 0 });
process.on('message', () => {
  const before = process.memoryUsage.rss();
  if (typeof collect === 'function') collect();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ rss: before, collected: rss, heapUsed });
});
const { user, system } = process.cpuUsage();
process.send?.({ origin: sandbox.origin, startCpuMs: (user + system) / 1000 });
await once(process, 'disconnect');
sandbox.takeViolations();
await sandbox.close();
