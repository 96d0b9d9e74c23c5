import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { contestantsOf, TokenIssuer } from './contestants.ts';
import type { Contestant } from './contestants.ts';
import { flameGraphOf } from './flame-graph.ts';
import { graphQL, isReady } from './graphql-load.ts';
import { Load } from './load.ts';
import { BENCHMARKS } from './operations.ts';
import type { Benchmark } from './operations.ts';
import { median, quantile } from './rounds.ts';
import { printReport, ratios } from './report.ts';
import type { Report, Sample } from './report.ts';
import type { Received } from './service-stub.ts';
import { pinThisProcess, ServerProcess } from './server-process.ts';

/*
 * Compares the gateway in production configuration with other servers that do the same: processor time per request, latency,
 * memory and time to start. The server runs on one core, the stub of the service and the load on another. In each round all
 * servers start anew, warm up, and are then loaded in turns of a second, so that other load on the machine affects all of
 * them: compare the ratios to the base, which are taken within a round. Linux only. About half an hour.
 *
 *   npm run bench
 *   npm run bench -- --only Q1 --servers floor,jwt --rounds 3 --seconds 2
 *   npm run bench -- --also ../other     compares the gateway of another checkout, which has its own node_modules
 *   npm run bench -- --flags=--max-semi-space-size=8     compares the gateway with that flag of Node
 *   npm run bench -- --only Q1 --profile --servers jwt
 *
 * The options:
 *
 *   --rounds 5         rounds, each with new processes
 *   --seconds 4        load per server, operation and round
 *   --warm 10          the same before the measurement: our code is larger, so it is compiled later than that of the floor
 *   --connections 32   requests at a time, for each process of a server
 *   --only Q1,M1       operations: Q1, Q2, L1, M1
 *   --servers …        floor, yoga, mercurius (if it is installed: `npm install --prefix bench/rivals`), none, jwt, and the
 *                      variants of jwt: built (`npm run build`), no-metrics, traces, some-traces, and with REDIS_URL also
 *                      redis and workers (two workers). `--also` adds also1, also2, …, and `--flags` flags1, …
 *   --base floor       the server that the others are compared with
 *   --no-half-load     leaves out the latency at half of the load that the gateway can bear, beside that of a direct call
 *   --profile          one round, in which the gateway is profiled: writes profiles of processor time and of allocations to
 *                      bench/results, and a flame graph of each. Its figures are not comparable.
 *   --json             prints JSON
 */
const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    warm: { type: 'string', default: '10' },
    connections: { type: 'string', default: '32' },
    only: { type: 'string', multiple: true, default: Object.keys(BENCHMARKS) },
    servers: { type: 'string', multiple: true },
    also: { type: 'string', multiple: true, default: [] },
    flags: { type: 'string', multiple: true, default: [] },
    base: { type: 'string', default: 'floor' },
    'half-load': { type: 'boolean', default: true },
    profile: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
const warmSeconds = Number(options.warm);
const connections = Number(options.connections);
const rounds = options.profile ? 1 : Number(options.rounds);
const HALF_LOAD_TURNS = 7;
const RESULTS = resolve(import.meta.dirname, 'results');

interface Contest {
  readonly contestant: Contestant;
  readonly server: ServerProcess;
  readonly load: Load;
  readonly turns: { requests: number; seconds: number; cpuMicros: number; calls: number };
  readonly latencies: number[];
}

const samples: Sample[] = [];
const starts: { server: string; seconds: number }[] = [];

pinThisProcess();
const { child: stub, port: stubPort } = await ServerProcess.startHelper([
  resolve(import.meta.dirname, 'service-stub.ts'),
]);
const tokens = await TokenIssuer.start();
const contestants = chosenContestants();
const benchmarks = options.only
  .flatMap((names) => names.split(','))
  .map((name) => [name, BENCHMARKS[name] ?? fail(`There is no operation ${name}.`)] as const);

function fail(message: string): never {
  throw new Error(message);
}

function chosenContestants(): Contestant[] {
  const all = contestantsOf({ service: `http://127.0.0.1:${stubPort}`, tokens }, options.also, options.flags);
  const usual = all.filter(
    ({ name }) => !['built', 'redis', 'workers', 'no-metrics', 'traces', 'some-traces'].includes(name),
  );
  if (options.servers === undefined) return usual;
  const names = options.servers.flatMap((text) => text.split(','));
  const also = usual
    .filter(({ name }) => /^(?:also|flags)/.test(name) && !names.includes(name))
    .map(({ name }) => name);
  return [...names, ...also].map(
    (wanted) => all.find(({ name }) => name === wanted) ?? fail(`There is no server ${wanted}.`),
  );
}

/** Since it was asked before. */
async function upstreamCalls(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${stubPort}/__received`);
  return ((await answer.json()) as Received).calls; // what service-stub.ts sends
}

/** Loads the server once with a check of the whole answer, and until its code is compiled. */
async function warmUp(
  { contains: [part, times], ours, theirs }: Benchmark,
  server: ServerProcess,
  { isOurs, name, processes }: Contestant,
) {
  const load = new Load(server.port, graphQL(JSON.stringify(isOurs ? ours : theirs), tokens.tokens));
  const text = await load.once();
  if (text.split(part).length - 1 !== times || text.includes('"errors"'))
    fail(`${name} answered wrongly: ${text.slice(0, 500)}`);
  await load.run({ seconds: warmSeconds, connections: connections * processes });
  return load;
}

async function takeTurn({ contestant, server, load, turns, latencies }: Contest): Promise<void> {
  await upstreamCalls();
  const before = server.cpuMicros();
  const result = await load.run({
    seconds: Math.min(1, seconds),
    connections: connections * contestant.processes,
  });
  turns.cpuMicros += server.cpuMicros() - before;
  turns.calls += await upstreamCalls();
  turns.requests += result.requests;
  turns.seconds += result.seconds;
  for (const latency of result.latencies) latencies.push(latency);
}

/**
 * Requests at a constant rate, in turn with the same calls without a server in between. One pause of the machine affects more
 * than a hundredth of the requests of a second, so the medians of all seconds are taken.
 */
async function halfLoad({ load, turns }: Contest, { direct }: Benchmark): Promise<Sample['halfLoad']> {
  if (!options['half-load'] || options.profile || direct === undefined) return undefined;
  const perSecond = turns.requests / turns.seconds / 2;
  const withoutGateway = new Load(stubPort, [{ ...direct, headers: { 'content-type': 'application/json' } }]);
  const p99s = { gateway: [] as number[], direct: [] as number[] };
  for (let turn = 0; turn < HALF_LOAD_TURNS; turn += 1) {
    p99s.gateway.push(quantile((await load.run({ seconds: 1, perSecond })).latencies, 0.99));
    p99s.direct.push(quantile((await withoutGateway.run({ seconds: 1, perSecond })).latencies, 0.99));
  }
  return { p99: median(p99s.gateway), direct: median(p99s.direct) };
}

async function runOperation(round: number, operation: string, benchmark: Benchmark, servers: Started[]) {
  const contests: Contest[] = [];
  for (const { contestant, server } of servers) {
    const load = await warmUp(benchmark, server, contestant);
    server.resetPeak();
    const turns = { requests: 0, seconds: 0, cpuMicros: 0, calls: 0 };
    contests.push({ contestant, server, load, turns, latencies: [] });
  }
  if (options.profile) for (const { server } of servers) server.child.send('start');
  for (let turn = 0; turn < seconds; turn += 1) for (const contest of contests) await takeTurn(contest);
  if (options.profile) await writeProfiles(servers, operation);
  for (const contest of contests) {
    const { contestant, server, turns, latencies } = contest;
    latencies.sort((a, b) => a - b);
    samples.push({
      server: contestant.name,
      operation,
      round,
      cpuMicros: turns.cpuMicros / turns.requests,
      perSecond: turns.requests / turns.seconds,
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      peakMib: server.peakMib(),
      upstreamCalls: turns.calls / turns.requests,
      halfLoad: contestant.isOurs ? await halfLoad(contest, benchmark) : undefined,
    });
  }
}

interface Started {
  readonly contestant: Contestant;
  readonly server: ServerProcess;
}

async function runRound(round: number): Promise<void> {
  const servers: Started[] = [];
  try {
    for (const contestant of contestants) {
      const { args, env } = contestant.program;
      const probe = options.profile ? ['--import', resolve(import.meta.dirname, 'profile-probe.ts')] : [];
      const { server, seconds: startSeconds } = await ServerProcess.start(
        { args: [...probe, ...args], env },
        (port) => isReady(port, tokens.tokens),
      );
      servers.push({ contestant, server });
      starts.push({ server: contestant.name, seconds: startSeconds });
    }
    for (const [operation, benchmark] of benchmarks) await runOperation(round, operation, benchmark, servers);
  } finally {
    await Promise.all(servers.map(({ server }) => server.stop()));
  }
}

async function writeProfiles(servers: Started[], operation: string): Promise<void> {
  mkdirSync(RESULTS, { recursive: true });
  for (const { contestant, server } of servers) {
    const path = resolve(RESULTS, `${operation}-${contestant.name}`);
    server.child.send(path);
    await once(server.child, 'message');
    for (const [kind, unit] of [
      ['cpuprofile', 'processor time'],
      ['heapprofile', 'allocated bytes'],
    ] as const) {
      const title = `${operation}, ${contestant.label}: ${unit}`;
      writeFileSync(`${path}.${kind}.svg`, flameGraphOf(title, `${path}.${kind}`));
      console.error(`${path}.${kind}.svg`);
    }
  }
}

const report: Report = { base: options.base, connections, servers: contestants, benchmarks, samples, starts };

function printRound(round: number): void {
  const results = contestants.map(({ name }) => {
    const inRound = benchmarks.map(([operation]) => ratios(report, operation, name).at(-1)?.toFixed(2));
    return `${name} ${inRound.join(' ')}`;
  });
  console.error(`round ${round} of ${rounds}: ${results.join(', ')}`);
}

for (let round = 1; round <= rounds; round += 1) {
  await runRound(round);
  printRound(round);
}
await stub.stop();
if (options.json) console.log(JSON.stringify({ options, samples, starts }, null, 2));
else printReport(report);
process.exit();
