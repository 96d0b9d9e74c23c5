import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { connectRedis } from '../../src/redis/connection.ts';
import { makeCertificates } from '../support/certificates.ts';
import { startKeyed } from '../support/keyed.ts';
import { startCluster } from '../support/redis-topologies.ts';
import { freePort, startRedis } from '../support/redis.ts';
import type { Certificate, ServerOptions } from '../support/redis.ts';
import { logSink } from '../support/service-proxy.ts';
import { endpointAt, startReceiver } from '../support/webhook-receiver.ts';

type Server = Awaited<ReturnType<typeof startRedis>>;

interface Trouble {
  readonly settings?: ServerOptions['settings'];
  /** Before the gateway starts. */
  readonly prepare?: (server: Server) => Promise<unknown>;
  readonly begin: (server: Server) => unknown;
  readonly end: (server: Server) => unknown;
}

const set = (name: string, value: string) => (server: Server) => server.client.config('SET', name, value);
const closeConnections = (server: Server) =>
  server.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
const nothingListens = async (server: Server) => server.client.replicaof('127.0.0.1', await freePort());
const becomePrimary = (server: Server) => server.client.replicaof('NO', 'ONE');

const TROUBLES: Record<string, Trouble> = {
  OOM: { begin: set('maxmemory', '1'), end: set('maxmemory', '0') },
  NOREPLICAS: { begin: set('min-replicas-to-write', '1'), end: set('min-replicas-to-write', '0') },
  READONLY: { begin: nothingListens, end: becomePrimary },
  MASTERDOWN: {
    settings: { 'replica-serve-stale-data': 'no' },
    begin: nothingListens,
    end: becomePrimary,
  },
  WRONGPASS: {
    async begin(server) {
      await set('requirepass', 'changed')(server);
      await closeConnections(server);
    },
    end: set('requirepass', 'the-password'),
  },
  NOPERM: {
    begin: ({ client }) => client.acl('SETUSER', 'default', '-eval', '-evalsha'),
    end: ({ client }) => client.acl('SETUSER', 'default', '+eval', '+evalsha'),
  },
  BUSY: {
    settings: { 'busy-reply-threshold': '100' },
    begin: ({ client }) => void client.eval('while true do end', 0).catch(() => {}),
    end: ({ port }) => withAdmin(port, (admin) => admin.script('KILL')),
  },
  LOADING: {
    settings: { 'key-load-delay': '20000', 'loading-process-events-interval-bytes': '1024' },
    async prepare({ client }) {
      for (let nth = 0; nth < 500; nth += 1) await client.set(`filler-${nth}`, 'x'.repeat(1_000));
      await client.bgrewriteaof();
      await expect.poll(() => client.info('persistence')).toContain('aof_rewrite_in_progress:0');
    },
    async begin(server) {
      await server.kill();
      void server.start(); // takes ten seconds
    },
    end: () => undefined,
  },
  TIMEOUT: { begin: (server) => server.freeze(), end: (server) => server.thaw() },
  ECONNREFUSED: { begin: (server) => server.kill(), end: (server) => server.start() },
};

async function withAdmin<T>(port: number, work: (admin: Server['client']) => Promise<T>): Promise<T> {
  const admin = new Redis({ port, password: 'the-password', enableReadyCheck: false });
  return work(admin).finally(() => admin.disconnect());
}

async function startWorld(redisUrl: string) {
  const { logger, lines } = logSink();
  const receiver = await startReceiver();
  const webhooks = { endpoints: [endpointAt(receiver.url)] };
  const gateway = await startKeyed({ redisUrl, logger, webhooks });
  let nth = 0;
  return {
    gateway,
    /** The messages in the log. */
    lines: () =>
      lines().flatMap((line) => (line['level'] === 20 ? [] : [[line['level'], line['msg'], line['cause']]])),
    create: async () => (await gateway.createDossier({ idempotencyKey: `key-${(nth += 1)}` })).code,
    ready: async () => (await fetch(new URL('/ready', gateway.url))).status,
  };
}

/** From the start of the trouble until its end. */
async function expectOneLine(
  { create, ready, lines, gateway }: Awaited<ReturnType<typeof startWorld>>,
  cause: string,
  end: () => unknown,
): Promise<void> {
  await expect.poll(create, { timeout: 30_000 }).toBe('IDEMPOTENCY_UNAVAILABLE');
  await expect.poll(ready, { timeout: 30_000 }).toBe(503);
  for (let nth = 0; nth < 3; nth += 1)
    expect(await Promise.all([create(), create(), ready()])).toEqual([
      'IDEMPOTENCY_UNAVAILABLE',
      'IDEMPOTENCY_UNAVAILABLE',
      503,
    ]);
  expect(await gateway.createDossier({})).toMatchObject({ id: expect.any(String) });
  await end();
  await expect.poll(ready, { timeout: 40_000 }).toBe(200);
  await expect.poll(create, { timeout: 30_000 }).toBeUndefined();
  expect(lines()).toEqual([
    [40, 'not ready: Redis cannot be used', cause],
    [30, 'ready: Redis can be used again', undefined],
  ]);
}

test.each(Object.entries(TROUBLES))(
  '%s: mutations with a key are refused, the gateway is not ready, logs the reason once and recovers',
  async (code, { settings, prepare, begin, end }) => {
    const server = await startRedis({ password: 'the-password', ...(settings && { settings }) });
    await prepare?.(server);
    const world = await startWorld(`redis://:the-password@${server.url.host}`);
    expect(await world.create()).toBeUndefined();
    await begin(server);
    await expectOneLine(world, code, () => end(server));
  },
);

test('one full node of a cluster is enough', async () => {
  const { hosts, second } = await startCluster();
  const world = await startWorld(`redis://${hosts}`);
  await second.client.config('SET', 'maxmemory', '1');
  await expect.poll(world.ready, { timeout: 30_000 }).toBe(503);
  await second.client.config('SET', 'maxmemory', '0');
  await expect.poll(world.ready, { timeout: 30_000 }).toBe(200);
  expect(world.lines()).toMatchObject([
    [40, 'not ready: Redis cannot be used', 'OOM'],
    [30, 'ready: Redis can be used again', undefined],
  ]);
});

test('a certificate for another name is refused at the start and later', async () => {
  const { certificateFor } = makeCertificates();
  const [good, bad] = [certificateFor('DNS:localhost'), certificateFor('DNS:elsewhere.example')];
  const server = await startRedis({ certificate: good });
  const world = await startWorld(`rediss://localhost:${server.port}`);
  const use = async ({ key, cert }: Certificate) => {
    await server.client.config('SET', 'tls-key-file', key, 'tls-cert-file', cert);
    await closeConnections(server);
  };
  await use(bad);
  await expect(connectRedis(`rediss://localhost:${server.port}`)).rejects.toThrow(
    /cannot be used: Hostname\/IP does not match certificate's altnames: /,
  );
  await expectOneLine(world, 'ERR_TLS_CERT_ALTNAME_INVALID', () => use(good));
});

test.each([
  ['DNS:localhost', 'localhost', true],
  ['IP:127.0.0.1', '127.0.0.1', true],
  ['DNS:elsewhere.example', 'localhost', false],
  ['DNS:localhost', '127.0.0.1', false],
])('a cluster with TLS: %s, called by %s: %s', async (name, host, isGood) => {
  const cluster = await startCluster({ certificate: makeCertificates().certificateFor(name) });
  const connecting = connectRedis(`rediss://${host}:${cluster.second.port}`);
  if (!isGood) return expect(connecting).rejects.toThrow(/cannot be used: Hostname\/IP does not match/);
  const redis = await connecting;
  onTestFinished(() => redis.close());
  await redis.check();
});
