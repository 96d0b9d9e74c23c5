import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { clientOf, end, freePort, spawnRedis, startRedis, tlsSettings } from './redis.ts';
import type { ServerOptions } from './redis.ts';

const SLOTS = 16_384;
const PRIMARIES = 3;
const settled = { timeout: 30_000 };

/** Three nodes that share the keys, and the given number of replicas of the first. */
export async function startCluster({ replicas = 0, ...options }: ServerOptions & { replicas?: number } = {}) {
  const nodes: Awaited<ReturnType<typeof startRedis>>[] = [];
  for (let nth = 0; nth < PRIMARIES + replicas; nth += 1) {
    const busPort = String(await freePort());
    const settings = {
      'cluster-enabled': 'yes',
      'cluster-node-timeout': '1000',
      'cluster-port': busPort,
      'cluster-announce-bus-port': busPort,
      ...options.settings,
    };
    nodes.push(await startRedis({ ...options, settings }));
    const { port, client } = nodes[nth] ?? {};
    if (nth < PRIMARIES)
      await client?.cluster(
        'ADDSLOTSRANGE',
        Math.ceil((SLOTS * nth) / PRIMARIES),
        Math.ceil((SLOTS * (nth + 1)) / PRIMARIES) - 1,
      );
    await client?.call('CLUSTER', 'SET-CONFIG-EPOCH', nth + 1);
    await nodes[0]?.client.call('CLUSTER', 'MEET', '127.0.0.1', port ?? 0, busPort);
  }
  const [first, second, third] = nodes;
  if (first === undefined || second === undefined || third === undefined) throw new Error('no cluster');
  /** The state of the cluster according to every node that answers. */
  const states = () =>
    Promise.all(
      nodes.map(async ({ client }) => {
        const info = await client.cluster('INFO');
        return [/cluster_state:(\w+)/.exec(info)?.[1], /cluster_known_nodes:(\d+)/.exec(info)?.[1]];
      }),
    );
  await expect.poll(states, settled).toEqual(nodes.map(() => ['ok', String(nodes.length)]));
  const firstId = await first.client.cluster('MYID');
  for (const { client } of nodes.slice(PRIMARIES)) {
    await client.cluster('REPLICATE', firstId);
    await expect.poll(() => client.info('replication'), settled).toContain('master_link_status:up');
  }
  return { nodes, first, second, third, hosts: [first, second, third].map(({ url }) => url.host).join(',') };
}

/** A primary with a replica, and a sentinel that promotes the replica. */
export async function startSentinel(options: Pick<ServerOptions, 'certificate'> = {}) {
  const { certificate } = options;
  const primary = await startRedis(options);
  const replica = await startRedis({
    ...options,
    settings: { replicaof: ['127.0.0.1', String(primary.port)] },
  });
  await expect.poll(() => replica.client.info('replication'), settled).toContain('master_link_status:up');
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-sentinel-'));
  const port = await freePort();
  const file = join(folder, 'sentinel.conf');
  const lines = [
    ...Object.entries({ port: String(port), ...(certificate && tlsSettings(certificate, port)) }).map(
      (setting) => setting.join(' '),
    ),
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 10000',
  ];
  writeFileSync(file, lines.join('\n'));
  const child = await spawnRedis([file, '--sentinel'], '+monitor');
  const client = clientOf(port, options);
  onTestFinished(async () => {
    client.disconnect();
    await end(child);
    rmSync(folder, { recursive: true });
  });
  // The sentinel discovers the replica from the primary, every ten seconds.
  await expect
    .poll(() => client.call('SENTINEL', 'REPLICAS', 'main'), settled)
    .toMatchObject([expect.arrayContaining(['master-link-status', 'ok'])]);
  return {
    primary,
    replica,
    port,
    /** The URL with an unreachable sentinel first. */
    url: `redis+sentinel://127.0.0.1:${await freePort()},127.0.0.1:${port}/main/0`,
    /** A manual failover: the primary becomes a replica. */
    failover: () => client.call('SENTINEL', 'FAILOVER', 'main'),
  };
}
