import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client } from 'undici';
import { contestantsOf, TokenIssuer } from '../../bench/contestants.ts';
import { BENCHMARKS, newId } from '../../bench/operations.ts';
import type { Benchmark } from '../../bench/operations.ts';
import { median } from '../../bench/rounds.ts';
import type { Received } from '../../bench/service-stub.ts';
import type { Footprint } from '../support/footprint-probe.ts';

/*
 * What a request uses in the gateway that `npm run bench` measures, in figures that depend neither on the speed of the machine
 * nor on other load: if one jumps, the code has changed. The bounds are about a quarter above the figures of the day on which
 * they were set. After an optimisation, lower them. If a feature is worth an increase, raise them in the commit that adds it.
 */
interface Use {
  readonly allocatedKiB: number;
  /** What waits for a full collection, which stops the process for longer than those of the young generation. */
  readonly keptKiB: number;
  readonly upstreamCalls: number;
  readonly upstreamBytes: number;
  readonly promises: number;
  readonly timers: number;
  /** Ticks, parsers and others that `node:async_hooks` counts. */
  readonly otherResources: number;
}
const BOUNDS: Record<string, Use> = {
  Q1: {
    allocatedKiB: 135,
    keptKiB: 1,
    upstreamCalls: 1,
    upstreamBytes: 280,
    promises: 91,
    timers: 8,
    otherResources: 14,
  },
  M1: {
    allocatedKiB: 180,
    keptKiB: 1,
    upstreamCalls: 1,
    upstreamBytes: 530,
    promises: 97,
    timers: 9,
    otherResources: 13,
  },
};

const WARM_UP = 300;
const BATCHES = 5;
const REQUESTS = 50;
const COLLECTIONS = 20;
/** How far off a figure is that counts what happens once in a while, such as a timer of the process. */
const NOISE = 0.2;

const children: ChildProcess[] = [];
let service: string;
let gateway: ChildProcess;
let client: Client;
let token: string;

function start(file: string, execArgv: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = fork(file, [], {
    execArgv: [...execArgv],
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  children.push(child);
  return child;
}

beforeAll(async () => {
  const [port] = (await once(start('bench/service-stub.ts', [], {}), 'message')) as [number];
  service = `http://127.0.0.1:${port}`;
  const tokens = await TokenIssuer.start();
  [token = ''] = tokens.tokens;
  const measured = contestantsOf({ service, tokens }, []).find(({ name }) => name === 'jwt');
  const { args = [], env } = measured?.program ?? {};
  // What an optimising compiler allocates depends on when it is done.
  const flags = ['--expose-gc', '--no-opt', '--no-maglev', '--import', './test/support/footprint-probe.ts'];
  gateway = start(args[0] ?? '', flags, { NODE_ENV: 'production', PORT: '0', ...env });
  client = new Client(await originOf(gateway));
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await client.destroy();
});

/** The gateway prints its URL when it serves. */
async function originOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('The gateway has no output.');
  let output = '';
  while (!/^Sigillo: .*http:.*\n/m.test(output)) output += String((await once(stdout, 'data'))[0]);
  stdout.resume();
  return /http:\/\/[^/\s]+/.exec(output)?.[0].replace('localhost', '127.0.0.1') ?? '';
}

async function ask({ ours }: Benchmark): Promise<void> {
  const { body } = await client.request({
    path: '/graphql',
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(ours).replace('@ID@', newId()),
  });
  expect(await body.text()).toContain('WAIT_FOR_UPLOAD');
}

/** Requests one after the other. */
async function askOften(benchmark: Benchmark, requests: number): Promise<void> {
  for (let nth = 0; nth < requests; nth += 1) await ask(benchmark);
}

async function footprint(message: 'read' | 'count' | 'collect'): Promise<Footprint> {
  gateway.send(message);
  const [answer] = (await once(gateway, 'message')) as [Footprint]; // what footprint-probe.ts sends
  return answer;
}

async function received(): Promise<Received> {
  return (await (await fetch(`${service}/__received`)).json()) as Received; // what service-stub.ts sends
}

async function allocatedKiB(benchmark: Benchmark): Promise<number> {
  const batches: number[] = [];
  while (batches.length < BATCHES) {
    const before = await footprint('read');
    await askOften(benchmark, REQUESTS);
    const after = await footprint('read');
    batches.push((after.allocatedBytes - before.allocatedBytes) / 1024 / REQUESTS);
  }
  return median(batches);
}

async function keptKiB(benchmark: Benchmark): Promise<number> {
  const sizes: number[] = [];
  while (sizes.length <= COLLECTIONS) {
    await askOften(benchmark, REQUESTS / 5);
    sizes.push((await footprint('collect')).oldBytes);
  }
  // The first collections move what earlier requests have left.
  const grown = sizes.slice(2).map((size, nth) => size - (sizes[nth + 1] ?? 0));
  return median(grown) / 1024 / (REQUESTS / 5);
}

async function use(benchmark: Benchmark): Promise<Use> {
  await askOften(benchmark, WARM_UP);
  const allocated = await allocatedKiB(benchmark);
  const kept = await keptKiB(benchmark);
  await received();
  const before = await footprint('count');
  await askOften(benchmark, REQUESTS);
  const after = await footprint('count');
  const { calls, bytes } = await received();
  const made = (types: readonly string[]): number =>
    types.reduce((sum, type) => sum + (after.resources[type] ?? 0) - (before.resources[type] ?? 0), 0) /
    REQUESTS;
  const types = Object.keys(after.resources);
  return {
    allocatedKiB: allocated,
    keptKiB: kept,
    upstreamCalls: calls / REQUESTS,
    upstreamBytes: bytes / REQUESTS,
    promises: made(['PROMISE']),
    timers: made(['Timeout']),
    otherResources: made(types.filter((type) => type !== 'PROMISE' && type !== 'Timeout')),
  };
}

test.each(Object.entries(BOUNDS))('%s uses no more than its bounds', async (name, bounds) => {
  const benchmark = BENCHMARKS[name];
  if (benchmark === undefined) throw new Error(`bench/operations.ts has no ${name}.`);
  const used = await use(benchmark);
  const above = (Object.keys(bounds) as (keyof Use)[])
    .filter((key) => used[key] > bounds[key] + NOISE)
    .map(
      (key) =>
        `${key} of a request ${name}: ${used[key].toFixed(1)}, the bound in this file is ${bounds[key]}`,
    );
  expect(above).toEqual([]);
});
