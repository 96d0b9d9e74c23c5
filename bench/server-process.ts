import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/*
 * Servers under load, each in a process of its own. On Linux with two cores or more they run on core 0, and the stub and the
 * load on core 1. The kernel counts processor time and memory (`proc(5)`).
 */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;
const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']));
const START_DEADLINE_MS = 30_000;

/** Pins this process and its future children to the core of the load. */
export function pinThisProcess(): void {
  if (canPin) pin(process.pid, String(LOAD_CORE));
}

/** Pins all threads of a process. @param cores `0`, or `0,1` */
export function pin(pid: number, cores: string): void {
  execFileSync('taskset', ['-apc', cores, String(pid)]);
}

export interface Program {
  /** Arguments of Node, the first file among them. */
  readonly args: readonly string[];
  readonly env: Record<string, string>;
}

export class ServerProcess {
  readonly port: number;
  readonly child: ChildProcess;
  #errors = '';

  private constructor(port: number, { args, env }: Program, core: number) {
    this.port = port;
    const pin = canPin ? ['taskset', '-c', String(core)] : [];
    const [command = process.execPath, ...rest] = [...pin, process.execPath, ...args];
    this.child = spawn(command, rest, {
      env: { PATH: process.env['PATH'], PORT: String(port), NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child.stderr?.on('data', (text) => (this.#errors = `${this.#errors}${String(text)}`.slice(-4000)));
    running.add(this);
    this.child.once('exit', () => running.delete(this));
  }

  /** A server that listens on `PORT`. @returns once `isReady` returns true, and how long that took */
  static async start(
    program: Program,
    isReady: (port: number) => Promise<boolean>,
  ): Promise<{ readonly server: ServerProcess; readonly seconds: number }> {
    const port = await freePort();
    const startedAt = performance.now();
    const server = new ServerProcess(port, program, SERVER_CORE);
    // A connection is refused until the server listens.
    while (!(await isReady(port).catch(() => false))) {
      if (server.child.exitCode !== null || performance.now() - startedAt > START_DEADLINE_MS) {
        throw new Error(`${program.args.join(' ')} did not start. ${server.#errors}`);
      }
      await sleep(10);
    }
    return { server, seconds: (performance.now() - startedAt) / 1000 };
  }

  /** A program on the core of the load that sends its port. */
  static async startHelper(
    args: readonly string[],
  ): Promise<{ readonly child: ServerProcess; readonly port: number }> {
    const helper = new ServerProcess(0, { args, env: {} }, LOAD_CORE);
    const [port] = (await once(helper.child, 'message')) as [number];
    return { child: helper, port };
  }

  /** User and system time of all threads of the process and its workers, in microseconds, to 10 ms. */
  cpuMicros(): number {
    const ticks = this.pids().map((pid) => {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(fields[11]) + Number(fields[12]);
    });
    return (sum(ticks) / TICKS_PER_SECOND) * 1e6;
  }

  /** The peak of `peakMib` starts anew. */
  resetPeak(): void {
    for (const pid of this.pids()) writeFileSync(`/proc/${pid}/clear_refs`, '5');
  }

  peakMib(): number {
    return this.#memoryMib('VmHWM');
  }

  rssMib(): number {
    return this.#memoryMib('VmRSS');
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const isGone = once(this.child, 'exit');
    this.child.kill();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5000);
    await isGone;
    clearTimeout(timer);
  }

  #memoryMib(field: string): number {
    const pattern = new RegExp(`${field}:\\s+(\\d+)`);
    const statuses = this.pids().map((pid) => readFileSync(`/proc/${pid}/status`, 'utf8'));
    return sum(statuses.map((status) => Number(pattern.exec(status)?.[1]))) / 1024;
  }

  /** The process and its workers. */
  pids(): number[] {
    const { pid = 0 } = this.child;
    const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return [pid, ...workers.map(Number).filter(Boolean)];
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const running = new Set<ServerProcess>();
// Without a listener, a signal ends this process without the event.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.once('exit', () => {
  for (const { child } of running) child.kill('SIGKILL');
});

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // The address of a TCP server has this form.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
