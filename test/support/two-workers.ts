import { readFileSync } from 'node:fs';
import { Client } from 'undici';
import { expect, onTestFinished } from 'vitest';
import { startSandbox } from '../../mocks/sandbox/http/server.ts';
import type { SandboxOptions } from '../../mocks/sandbox/http/server.ts';
import { startRedis } from './redis.ts';
import { scrape, valueOf } from './scrape.ts';
import type { Json } from './start-gateway.ts';
import { runMain } from './start-main.ts';

export interface Answered {
  readonly status: number;
  readonly body: Json;
}

/** A client with one connection, so that one worker answers all its requests. */
export interface WorkerClient {
  readonly worker: number;
  ask(query: string, variables?: object): Promise<Answered>;
}

/** A gateway of two workers in front of a sandbox, with a Redis. */
export async function startTwoWorkers(
  env: Readonly<Record<string, string>> = {},
  sandboxOptions: SandboxOptions = {},
) {
  const redis = await startRedis();
  const sandbox = await startSandbox({ timeScale: 0.01, rateLimit: false, ...sandboxOptions });
  onTestFinished(() => sandbox.close());
  const main = runMain({
    SANDBOX_URL: sandbox.url,
    REDIS_URL: redis.url.href,
    WEB_CONCURRENCY: '2',
    METRICS_PORT: '0',
    IDEMPOTENCY_SETTLE_SECONDS: '1',
    ...env,
  });
  const url = await main.url();
  const metricsUrl = /metrics at (\S+)/.exec(main.output.stdout)?.[1] ?? '';
  return {
    ...main,
    redis,
    sandbox,
    url,
    clients: () => clientsAt(url, () => linesIn(main.output.stdout)),
    lines: () => linesIn(main.output.stdout),
    /** The process ids of the workers, by their number. */
    workers: () => workersOf(main.child.pid ?? 0),
    metric: async (name: string, labels: Readonly<Record<string, string>> = {}) =>
      valueOf(await scrape(metricsUrl), name, labels),
  };
}

/** The lines of the log. */
const linesIn = (stdout: string): Json[] =>
  stdout
    .split('\n')
    .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : []));

/** One client for each of two workers. */
async function clientsAt(url: string, lines: () => Json[]): Promise<[WorkerClient, WorkerClient]> {
  const first = await connect(url, lines);
  for (;;) {
    const second = await connect(url, lines);
    if (second.worker !== first.worker) return [first, second];
  }
}

let nth = 0;

async function connect(url: string, lines: () => Json[]): Promise<WorkerClient> {
  const { origin, pathname: path } = new URL(url);
  const client = new Client(origin, { pipelining: 1 });
  onTestFinished(() => client.destroy());
  const requestId = `connect-${(nth += 1)}`;
  const ask = async (query: string, variables: object = {}, headers: Record<string, string> = {}) => {
    const { statusCode: status, body } = await client.request({
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return { status, body: (await body.json()) as Json };
  };
  await ask('{ __typename }', {}, { 'x-request-id': requestId });
  const own = (): Json | undefined => lines().find((line) => String(line['requestId']) === requestId);
  await expect.poll(own).toBeDefined();
  return { worker: Number(own()?.['worker']), ask };
}

/** Linux: the children of a process that are workers of `node:cluster`, which gives them a number. */
function workersOf(pid: number): Map<number, number> {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return new Map(
    children.filter(Boolean).map((child) => {
      const id = /NODE_UNIQUE_ID=(\d+)/.exec(readFileSync(`/proc/${child}/environ`, 'latin1'))?.[1];
      return [Number(id), Number(child)];
    }),
  );
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
