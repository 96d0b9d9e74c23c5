import { mkdirSync, writeFileSync } from 'node:fs';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'undici';
import { graphQL, isReady } from './graphql-load.ts';
import { contestantsOf, TokenIssuer } from './contestants.ts';
import { upload, writeTestFile } from './curl.ts';
import { subscribe } from './event-client.ts';
import { chartsOf } from './line-chart.ts';
import { Load } from './load.ts';
import { BENCHMARKS, newId } from './operations.ts';
import { pinThisProcess, ServerProcess } from './server-process.ts';
import type { StoredKeys } from './stored-keys.ts';

/*
 * Processor time and memory of the gateway against the number of connections, the items of a page, the size of a file, the
 * subscribers and the stored idempotency keys. Writes docs/performance/scaling.svg and its data, and prints how each figure
 * grows between the last two points: 1 is proportional. Each part has its own gateway. Linux only. About three minutes.
 *
 *   npm run bench:scaling
 */
const CONNECTIONS = [1, 4, 16, 64, 256, 1024];
const ITEMS = [1, 5, 25, 100, 250, 500];
const FILE_MIB = [1, 4, 16, 64, 256, 1024];
const SUBSCRIBERS = [1, 10, 100, 500, 1000, 2500, 5000];
const KEYS = [1, 100, 1000, 10_000, 100_000, 1_000_000];
const SECONDS = 3;
const MIB = 1024 * 1024;
const fileOf = (path: string): string => resolve(import.meta.dirname, path);

/** What a number of connections, items and so on costs. */
interface Cost {
  readonly of: number;
  readonly cpuMicros: number;
  readonly memoryMib: number;
}

interface Series {
  readonly name: string;
  readonly title: string;
  readonly xLabel: string;
  readonly cpuLabel: string;
  readonly memoryLabel: string;
  readonly costs: readonly Cost[];
}

pinThisProcess();
const tokens = await TokenIssuer.start();

/** Runs a gateway in front of this stub. */
async function withGateway<T>(
  stubFile: string,
  settingsOf: (service: string) => Record<string, string>,
  use: (gateway: ServerProcess) => Promise<T>,
): Promise<T> {
  const stub = await ServerProcess.startHelper([fileOf(stubFile)]);
  const service = `http://127.0.0.1:${stub.port}`;
  const contestant = contestantsOf({ service, tokens }, []).find(({ name }) => name === 'none');
  if (contestant === undefined) throw new Error('There is no gateway.');
  const { args, env } = contestant.program;
  const program = { args, env: { ...env, ...settingsOf(service) } };
  const { server } = await ServerProcess.start(program, (port) => isReady(port, tokens.tokens));
  try {
    return await use(server);
  } finally {
    await server.stop();
    await stub.child.stop();
  }
}

/** Processor time of a request, and the peak of memory, after as much load to warm up. */
async function underLoad(
  gateway: ServerProcess,
  body: string,
  of: number,
  connections: number,
): Promise<Cost> {
  const load = new Load(gateway.port, graphQL(body, tokens.tokens));
  await load.run({ seconds: SECONDS, connections });
  gateway.resetPeak();
  const before = gateway.cpuMicros();
  const { requests } = await load.run({ seconds: SECONDS, connections });
  return { of, cpuMicros: (gateway.cpuMicros() - before) / requests, memoryMib: gateway.peakMib() };
}

const connectionCosts = () =>
  withGateway(
    'service-stub.ts',
    () => ({}),
    async (gateway) => {
      const costs: Cost[] = [];
      const body = JSON.stringify(BENCHMARKS['Q1']?.ours);
      for (const connections of CONNECTIONS)
        costs.push(await underLoad(gateway, body, connections, connections));
      return costs;
    },
  );

const pageCosts = () =>
  withGateway(
    'service-stub.ts',
    () => ({}),
    async (gateway) => {
      const costs: Cost[] = [];
      for (const items of ITEMS) {
        const body = JSON.stringify(BENCHMARKS['L1']?.ours).replace('first: 100', `first: ${items}`);
        costs.push(await underLoad(gateway, body, items, 8));
      }
      return costs;
    },
  );

const PAGE = `query ($id: ID!, $after: String) { dossier(id: $id) { signatureRequests(first: 100, after: $after) {
  nodes { id status signerId createdAt updatedAt expiresAt } pageInfo { hasNextPage endCursor } } } }`;

interface Page {
  readonly nodes: readonly object[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
}

/** Reads all pages of a dossier. @returns the number of its items */
async function walk(port: number, id: string): Promise<number> {
  const client = new Client(`http://127.0.0.1:${port}`);
  let items = 0;
  let after: string | null = null;
  do {
    const body: string = JSON.stringify({ query: PAGE, variables: { id, after } });
    const headers = { 'content-type': 'application/json' };
    const answer = await client.request({ path: '/graphql', method: 'POST', headers, body });
    const { data } = (await answer.body.json()) as { data: { dossier: { signatureRequests: Page } } };
    const { nodes, pageInfo } = data.dossier.signatureRequests;
    items += nodes.length;
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  await client.close();
  return items;
}

/** Items of dossiers of 10,000, read to their end, for a second of processor time. */
const walkedPerSecond = () =>
  withGateway(
    'service-stub.ts',
    () => ({}),
    async (gateway) => {
      const walkAll = () => Promise.all(Array.from({ length: 8 }, () => walk(gateway.port, newId())));
      await walkAll();
      const before = gateway.cpuMicros();
      const items = (await walkAll()).reduce((sum, each) => sum + each, 0);
      return items / ((gateway.cpuMicros() - before) / 1e6);
    },
  );

const uploadCosts = () =>
  withGateway(
    'uploads-upstream.ts',
    (service) => ({ MAX_UPLOAD_BYTES: String(2047 * MIB), FIRMA_STORAGE_HOSTS: service }),
    async (gateway) => {
      const costs: Cost[] = [];
      const folder = await mkdtemp(join(tmpdir(), 'sigillo-bench-'));
      const url = `http://127.0.0.1:${gateway.port}/graphql`;
      const small = await writeTestFile(folder, MIB);
      for (let nth = 0; nth < 20; nth += 1) await upload(url, small);
      for (const size of FILE_MIB) {
        const file = await writeTestFile(folder, size * MIB);
        await sleep(1000);
        gateway.resetPeak();
        const before = gateway.cpuMicros();
        await upload(url, file);
        costs.push({ of: size, cpuMicros: gateway.cpuMicros() - before, memoryMib: gateway.peakMib() });
      }
      await rm(folder, { recursive: true });
      return costs;
    },
  );

const subscriberCosts = () =>
  withGateway(
    'service-stub.ts',
    () => ({ MAX_STREAMS: '5000', MAX_STREAMS_PER_CALLER: '5000' }),
    async (gateway) => {
      const costs: Cost[] = [];
      const url = `http://127.0.0.1:${gateway.port}/graphql`;
      const ends: (() => void)[] = [];
      const open = async (nth: number): Promise<void> => {
        const id = `01J9ZQ4S${String(nth % 100).padStart(18, '0')}`;
        ends.push(await subscribe(url, id, () => {}));
      };
      for (const subscribers of SUBSCRIBERS) {
        gateway.resetPeak();
        const before = gateway.cpuMicros();
        for (let from = 0; from < subscribers; from += 100) {
          const batch = Array.from({ length: Math.min(100, subscribers - from) }, (_, index) =>
            open(from + index),
          );
          await Promise.all(batch);
        }
        costs.push({
          of: subscribers,
          cpuMicros: gateway.cpuMicros() - before,
          memoryMib: gateway.peakMib(),
        });
        for (const end of ends.splice(0)) end();
        await sleep(1000);
      }
      return costs;
    },
  );

async function keyCosts(): Promise<Cost[]> {
  const child = fork(fileOf('stored-keys.ts'), KEYS.map(String), { execArgv: ['--expose-gc'] });
  const isOver = once(child, 'exit').then(() => Promise.reject(new Error('stored-keys.ts has ended.')));
  const [results] = (await Promise.race([once(child, 'message'), isOver])) as [StoredKeys[]]; // what it sends
  return results.map(({ keys, cpuMicros, heapMib }) => ({ of: keys, cpuMicros, memoryMib: heapMib }));
}

async function measureAll(): Promise<Series[]> {
  return [
    {
      name: 'connections',
      title: 'connections, each with one request at a time (Q1)',
      xLabel: 'connections',
      cpuLabel: 'µs of CPU per request',
      memoryLabel: 'peak memory, MiB',
      costs: await connectionCosts(),
    },
    {
      name: 'items',
      title: 'items of a page (L1)',
      xLabel: 'items',
      cpuLabel: 'µs of CPU per request',
      memoryLabel: 'peak memory, MiB',
      costs: await pageCosts(),
    },
    {
      name: 'file size',
      title: 'size of an uploaded file',
      xLabel: 'MiB',
      cpuLabel: 'ms of CPU per upload',
      memoryLabel: 'peak memory, MiB',
      costs: await uploadCosts(),
    },
    {
      name: 'subscribers',
      title: 'subscribers, on 100 signature requests',
      xLabel: 'subscribers',
      cpuLabel: 'ms of CPU until the first events',
      memoryLabel: 'peak memory, MiB',
      costs: await subscriberCosts(),
    },
    {
      name: 'keys',
      title: 'idempotency keys in a full store in memory',
      xLabel: 'keys',
      cpuLabel: 'µs of CPU per key',
      memoryLabel: 'heap, MiB',
      costs: await keyCosts(),
    },
  ];
}

/** The exponent of the growth between the last two points: 1 is proportional. */
function growth(costs: readonly Cost[], valueOf: (cost: Cost) => number): string {
  const [before, last] = costs.slice(-2);
  if (before === undefined || last === undefined) return '';
  return (Math.log(valueOf(last) / valueOf(before)) / Math.log(last.of / before.of)).toFixed(2);
}

const walked = await walkedPerSecond();
console.log(`a dossier of 10,000 in pages of 100: ${Math.round(walked)} items per second of processor time`);
const allSeries = await measureAll();
for (const { name, costs } of allSeries) {
  const cpu = growth(costs, ({ cpuMicros }) => cpuMicros);
  const memory = growth(costs, ({ memoryMib }) => memoryMib);
  console.log(`\n${name}: growth of processor time ${cpu}, of memory ${memory}`);
  for (const { of, cpuMicros, memoryMib } of costs)
    console.log(
      `${String(of).padStart(9)} ${cpuMicros.toFixed(1).padStart(12)} µs ${memoryMib.toFixed(2).padStart(8)} MiB`,
    );
}
const rows = allSeries.map(({ title, xLabel, cpuLabel, memoryLabel, costs }) => {
  const unit = cpuLabel.startsWith('ms') ? 1000 : 1;
  const cpu = costs.map(({ of, cpuMicros }) => ({ x: of, y: cpuMicros / unit }));
  const memory = costs.map(({ of, memoryMib }) => ({ x: of, y: memoryMib }));
  return [
    { title, xLabel, yLabel: cpuLabel, points: cpu },
    { title, xLabel, yLabel: memoryLabel, points: memory },
  ];
});
const folder = fileOf('../docs/performance');
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/scaling.svg`, chartsOf(rows));
writeFileSync(`${folder}/scaling.json`, `${JSON.stringify(allSeries, null, 2)}\n`);
process.exit();
