import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { upload, uploadDirectly, writeTestFile } from './curl.ts';

/*
 * Measures the peak memory of the gateway (`src/main.ts`, as `npm start` runs it) during `uploadDocument` to a storage that
 * discards the files, above its memory at rest. Each scenario has its own gateway; gateway, storage and clients (curl) are
 * separate processes. The last columns compare the speed with that of curl without the gateway, and with that of curl through
 * the smallest program that passes a file on and computes its digest (`servers/pass-through.ts`), in turn.
 * Linux only: the kernel measures the peak (VmHWM), which is reset before the uploads.
 *
 *   npm run bench:uploads         the three scenarios once, about three minutes
 *   npm run bench:uploads -- 3            three rounds
 */
const MIB = 1024 * 1024;
const SCENARIOS = [
  { uploads: 1, mib: 500, targetMib: 80 },
  { uploads: 8, mib: 50, targetMib: 100 },
  { uploads: 32, mib: 50, targetMib: 100 },
];
/** Uploads through the gateway and with curl alternate this often. */
const TURNS = 5;
const DEADLINE_MS = 600_000;
const MAX_ROUNDS = 5;
const rounds = Math.min(MAX_ROUNDS, Number(process.argv[2] ?? 1));

type Scenario = (typeof SCENARIOS)[number];
const running = new Set<ChildProcess>();

function start(
  file: string,
  args: readonly (string | number)[],
  env: NodeJS.ProcessEnv = process.env,
): ChildProcess {
  const child = fork(new URL(file, import.meta.url), args.map(String), {
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

function stopAll(): void {
  for (const child of running) child.kill();
}

/** The first message of a child; rejects if it ends without one. */
async function report(child: ChildProcess, event: 'message' | 'output'): Promise<unknown> {
  const [said] = await Promise.race([
    event === 'message' || !child.stdout ? once(child, 'message') : once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${child.spawnargs.join(' ')} ended early`))),
  ]);
  return said;
}

/** @returns the origin of a program that sends its port */
async function startPeer(file: string, ...args: string[]): Promise<string> {
  return `http://127.0.0.1:${String(await report(start(file, args), 'message'))}`;
}

async function startGateway(origin: string): Promise<{ url: string; pid: number }> {
  const child = start('../src/main.ts', [], {
    PATH: process.env['PATH'],
    PORT: '0',
    AUTH: 'none',
    FIRMA_API_KEY: 'bench',
    FIRMA_API_URL: `${origin}/api/v1/sign`,
    FIRMA_STORAGE_HOSTS: origin,
    MAX_UPLOAD_BYTES: String(1024 * MIB),
  });
  const url = /http:\S+/.exec(String(await report(child, 'output')))?.[0];
  if (url === undefined || child.pid === undefined) throw new Error('The gateway did not say where it is.');
  return { url, pid: child.pid };
}

async function inParallel(times: number, work: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: times }, work));
}

async function memoryMib(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;

async function secondsOf(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work;
  return (performance.now() - startedAt) / 1000;
}

/** Runs one scenario and prints its line. @returns whether the target is met */
async function measure({ uploads, mib, targetMib }: Scenario, folder: string): Promise<boolean> {
  const origin = await startPeer('uploads-upstream.ts');
  const passThrough = await startPeer('servers/pass-through.ts', origin);
  const { url, pid } = await startGateway(origin);
  // The first request compiles code and opens connections, so memory at rest is measured after it.
  await upload(url, await writeTestFile(folder, 1000));
  await sleep(1000);
  const file = await writeTestFile(folder, mib * MIB);
  const idle = await memoryMib(pid, 'VmRSS');
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  const speeds: number[] = [];
  const ratios = { curl: [] as number[], passThrough: [] as number[] };
  for (let turn = 0; turn < TURNS; turn += 1) {
    const seconds = await secondsOf(inParallel(uploads, () => upload(url, file)));
    const secondsTo = (target: string) => secondsOf(inParallel(uploads, () => uploadDirectly(target, file)));
    speeds.push((uploads * mib) / seconds);
    ratios.curl.push((await secondsTo(origin)) / seconds);
    ratios.passThrough.push((await secondsTo(passThrough)) / seconds);
  }
  const peak = await memoryMib(pid, 'VmHWM');
  const isMet = peak - idle < targetMib;
  const numbers = [idle, peak, peak - idle, targetMib, median(speeds)];
  console.log(
    `${uploads} x ${mib} MiB`.padEnd(14) +
      numbers.map((value) => value.toFixed(0).padStart(11)).join('') +
      [ratios.curl, ratios.passThrough].map((each) => median(each).toFixed(2).padStart(11)).join('') +
      (isMet ? '   pass' : '   FAIL'),
  );
  stopAll();
  return isMet;
}

setTimeout(() => {
  console.error(`Not done in ${DEADLINE_MS / 1000} s.`);
  process.exitCode = 1;
  stopAll();
}, DEADLINE_MS).unref();

// Also if this process fails, because children would continue to run.
process.once('exit', stopAll);

console.log('uploads          idle MiB   peak MiB     growth     target      MiB/s    of curl    of pass');
const folder = await mkdtemp(join(tmpdir(), 'sigillo-bench-'));
try {
  for (let round = 0; round < rounds; round += 1)
    for (const scenario of SCENARIOS) if (!(await measure(scenario, folder))) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}
