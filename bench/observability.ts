import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { Pool } from 'undici';

/*
 * Measures the cost of metrics and traces: the processor time of the gateway (`src/main.ts`) for a query of a dossier, without
 * metrics and traces, with either, and with both. Gateway, service and collector are separate processes. The rounds alternate,
 * so that other load on the machine affects all alike. Linux only, because the kernel counts the time. It asserts nothing.
 * About a minute.
 *
 *   npm run bench:observability                 five rounds
 *   npm run bench:observability -- 10
 *   npm run bench:observability -- 10 ../other  compares the gateway of another checkout
 */
const REQUESTS = 2_000;
const AT_A_TIME = 16;
const DEADLINE_MS = 300_000;
const [, , roundsText = '5', other] = process.argv;
const rounds = Math.min(20, Number(roundsText));
const running = new Set<ChildProcess>();

function start(file: string | URL, env: NodeJS.ProcessEnv): ChildProcess {
  const child = fork(new URL(file, import.meta.url), { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

function stopAll(): void {
  for (const child of running) child.kill('SIGKILL');
}
process.once('exit', stopAll);
setTimeout(() => {
  console.error(`Not done in ${DEADLINE_MS / 1000} s.`);
  process.exitCode = 1;
  stopAll();
}, DEADLINE_MS).unref();

const [upstream] = (await once(start('observability-upstream.ts', process.env), 'message')) as [
  { origin: string },
];

interface Gateway {
  readonly name: string;
  readonly pid: number;
  readonly pool: Pool;
  readonly micros: number[];
}

async function startGateway(
  name: string,
  env: Record<string, string>,
  main: string | URL = '../src/main.ts',
): Promise<Gateway> {
  const child = start(main, {
    PATH: process.env['PATH'],
    PORT: '0',
    AUTH: 'none',
    FIRMA_API_KEY: 'bench',
    FIRMA_API_URL: `${upstream.origin}/api/v1/sign`,
    RATE_LIMIT_PER_MINUTE: '0',
    RATE_BUDGET_CALLS: '100000',
    LOG_LEVEL: 'warn',
    ...env,
  });
  const [said] = await once(child.stdout ?? child, 'data');
  const url = /http:\/\/[^/]+/.exec(String(said))?.[0];
  if (url === undefined || child.pid === undefined) throw new Error(`${name} did not say where it is.`);
  return { name, pid: child.pid, pool: new Pool(url, { connections: AT_A_TIME }), micros: [] };
}

/** Processor time of a process and its threads in seconds: fields 14 and 15 of `proc(5)`, in ticks of 10 ms. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function ask({ pool }: Gateway, requests: number): Promise<void> {
  let left = requests;
  const headers = { 'content-type': 'application/json' };
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      while ((left -= 1) >= 0) {
        // A new id each time, because identical reads share one call.
        const body = `{"query":"query ($id: ID!) { dossier(id: $id) { id title } }","variables":{"id":"${left}"}}`;
        const answer = await pool.request({ path: '/graphql', method: 'POST', headers, body });
        const text = await answer.body.text();
        if (!text.includes('Contratti')) throw new Error(text);
      }
    }),
  );
}

const TRACES = { OTEL_EXPORTER_OTLP_ENDPOINT: upstream.origin };
const METRICS = { METRICS_PORT: '0' };
const gateways = [
  await startGateway('neither', {}),
  await startGateway('neither, again', {}),
  ...(other === undefined
    ? []
    : [await startGateway('neither, other', {}, pathToFileURL(`${other}/src/main.ts`))]),
  await startGateway('metrics', METRICS),
  await startGateway('traces, 1 in 100', {
    ...TRACES,
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.01',
  }),
  await startGateway('traces', TRACES),
  await startGateway('metrics and traces', { ...METRICS, ...TRACES }),
];
// Lets V8 compile the hot code.
for (const gateway of gateways) await ask(gateway, 2 * REQUESTS);
for (let round = 0; round < rounds; round += 1) {
  for (const gateway of gateways) {
    const before = await cpuSeconds(gateway.pid);
    await ask(gateway, REQUESTS);
    gateway.micros.push(((await cpuSeconds(gateway.pid)) - before) * (1e6 / REQUESTS));
  }
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const base = median(gateways[0]?.micros ?? []);
console.log(`processor time of the gateway for each of ${REQUESTS} queries, median of ${rounds} rounds`);
console.log('                         µs    ratio');
for (const { name, micros, pool } of gateways) {
  console.log(
    name.padEnd(20) + median(micros).toFixed(0).padStart(7) + (median(micros) / base).toFixed(2).padStart(9),
  );
  await pool.close();
}
stopAll();
process.exit();
