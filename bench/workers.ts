import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { contestantsOf, TokenIssuer } from './contestants.ts';
import { graphQL, isReady } from './graphql-load.ts';
import { Load } from './load.ts';
import { BENCHMARKS } from './operations.ts';
import { median } from './rounds.ts';
import { freePort, pin, ServerProcess } from './server-process.ts';

/*
 * What a second core gives: the throughput of one process on one core, and of two workers (`WEB_CONCURRENCY=2`) on two. The
 * load, the stub of the service, and the Redis that both gateways use run on the same cores. The cores of a virtual machine
 * may differ in speed, so one process is measured on each, and a round compares two workers with the mean. Linux with two
 * cores, `taskset` and `redis-server`. About four minutes.
 *
 *   npm run bench:workers
 *   npm run bench:workers -- --rounds 10 --seconds 1.5 --warm 12 --only Q1,M1
 */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '1.5' },
    warm: { type: 'string', default: '12' },
    only: { type: 'string', default: 'Q1,M1' },
  },
});
const seconds = Number(options.seconds);
const CONNECTIONS = 32;

const redisPort = await freePort();
const redis = spawn('redis-server', ['--port', String(redisPort), '--save', ''], { stdio: 'ignore' });
redis.once('error', (cause) => {
  throw new Error('Install redis-server.', { cause });
});
process.once('exit', () => redis.kill());
process.env['REDIS_URL'] = `redis://127.0.0.1:${redisPort}`;

const { child: stub, port: stubPort } = await ServerProcess.startHelper([
  resolve(import.meta.dirname, 'service-stub.ts'),
]);
const tokens = await TokenIssuer.start();
const contestants = contestantsOf({ service: `http://127.0.0.1:${stubPort}`, tokens }, []);

async function startGateway(name: 'redis' | 'workers') {
  const contestant = contestants.find((one) => one.name === name);
  if (contestant === undefined) throw new Error(`There is no server ${name}.`);
  const { server } = await ServerProcess.start(contestant.program, (port) => isReady(port, tokens.tokens));
  return { server, connections: CONNECTIONS * contestant.processes };
}

type Gateway = Awaited<ReturnType<typeof startGateway>>;

const one = await startGateway('redis');
const two = await startGateway('workers');
const ROUND: readonly { readonly gateway: Gateway; readonly cores: string }[] = [
  { gateway: one, cores: '0' },
  { gateway: two, cores: '0,1' },
  { gateway: one, cores: '1' },
];

for (const operation of options.only.split(',')) {
  const benchmark = BENCHMARKS[operation];
  if (benchmark === undefined) throw new Error(`There is no operation ${operation}.`);
  const request = graphQL(JSON.stringify(benchmark.ours), tokens.tokens);

  const throughput = async ({ server, connections }: Gateway, cores: string, duration: number) => {
    const pids = [process.pid, redis.pid ?? 0, ...stub.pids(), ...server.pids()];
    for (const pid of pids) pin(pid, cores);
    const result = await new Load(server.port, request).run({ seconds: duration, connections });
    return result.requests / result.seconds;
  };

  for (const gateway of [one, two]) await throughput(gateway, '0,1', Number(options.warm));
  const factors: number[] = [];
  for (let round = 1; round <= Number(options.rounds); round += 1) {
    const [onFirst = 0, onBoth = 0, onSecond = 0] = await Array.fromAsync(ROUND, ({ gateway, cores }) =>
      throughput(gateway, cores, seconds),
    );
    factors.push(onBoth / ((onFirst + onSecond) / 2));
    const rates = [onFirst, onSecond, onBoth].map((rate) => rate.toFixed(0).padStart(6)).join('');
    console.log(`${operation}, round ${round}: ${rates} a second, × ${factors.at(-1)?.toFixed(2)}`);
  }
  const range = `${Math.min(...factors).toFixed(2)} to ${Math.max(...factors).toFixed(2)}`;
  console.log(
    `${operation}: two workers on two cores answer ${median(factors).toFixed(2)} times (${range}) as many requests as one process on one core`,
  );
}
process.exit();
