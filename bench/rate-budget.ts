import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { ask, start, stopAll } from './processes.ts';
import type { SandboxReport } from './soak-sandbox.ts';

/*
 * Sends many queries of one upstream call each at once, against the service's limit of 150 calls in 5 seconds. It prints the
 * use of the rate budget, and the number of calls that the service refuses. More than a minute each.
 *
 *   npm run bench:rate-budget                                        2,000 queries to one gateway
 *   npm run bench:rate-budget -- 600                                 number of queries
 *   REDIS_URL=redis://localhost:6379 npm run bench:rate-budget       also to two gateways that share the rate budget of a key
 */
const [queries = 2_000] = process.argv.slice(2).map(Number);
/** Rate limit of the service. */
const LIMIT = { calls: 150, seconds: 5 };

async function measure(what: string, gateways: number, settings: readonly string[]): Promise<void> {
  const { child: sandbox, said } = await start<{ origin: string }>('soak-sandbox.ts');
  const urls = await Promise.all(
    Array.from({ length: gateways }, async () => {
      // The waits exceed the default deadline, and all queries come from one caller.
      const all = ['OPERATION_TIMEOUT_SECONDS=600', 'RATE_LIMIT_PER_MINUTE=0', ...settings];
      return (await start<{ url: string }>('gateway-process.ts', said.origin, ...all)).said.url;
    }),
  );
  const pools = urls.map((url) => new Pool(new URL(url).origin, { connections: 200, headersTimeout: 0 }));
  const query = async (nth: number): Promise<boolean> => {
    const body = JSON.stringify({ query: `{ signatureRequest(id: "none-${nth}") { id } }` });
    const headers = { 'content-type': 'application/json' };
    const pool = pools[nth % pools.length];
    const answer = await pool?.request({ path: '/graphql', method: 'POST', headers, body });
    return (await answer?.body.text()) === '{"data":{"signatureRequest":null}}';
  };
  await Promise.all(urls.map((_, nth) => query(nth))); // compiles what the first request needs
  await sleep(6_000);
  const before = await ask<SandboxReport>(sandbox, 'report');
  const startedAt = performance.now();
  const answers = await Promise.all(Array.from({ length: queries }, (_, nth) => query(1_000_000 + nth)));
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await ask<SandboxReport>(sandbox, 'report');
  // All calls of a window at once, and the next ones when it is over.
  const atBest = Math.floor((queries - 1) / LIMIT.calls) * LIMIT.seconds;
  console.log(
    `${what.padEnd(32)} ${answers.filter(Boolean).length} of ${queries} answered in ${seconds.toFixed(1)} s`,
    ` ${(queries / seconds).toFixed(1)} per second, ${((atBest / seconds) * 100).toFixed(1)} % of what is allowed`,
    ` ${after.overLimit - before.overLimit} refused by the service and retried`,
  );
  await Promise.all(pools.map((pool) => pool.close()));
  stopAll();
}

await measure('one gateway', 1, []);
const { REDIS_URL } = process.env;
if (REDIS_URL !== undefined) await measure('two gateways, one key, one Redis', 2, [`REDIS_URL=${REDIS_URL}`]);
process.exit();
