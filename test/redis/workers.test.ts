import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { callerAt } from '../support/caller.ts';
import { openStream, SUBSCRIPTION } from '../support/event-stream.ts';
import { makePdf } from '../support/pdf.ts';
import { DOCUMENTS, outcomeOf, SIGNER } from '../support/keyed.ts';
import { startRedis } from '../support/redis.ts';
import { requestSignature } from '../support/request-signature.ts';
import { runMain } from '../support/start-main.ts';
import type { Json } from '../support/start-gateway.ts';
import { isRunning, startTwoWorkers } from '../support/two-workers.ts';
import type { WorkerClient } from '../support/two-workers.ts';

/* `WEB_CONCURRENCY=2`: real processes that share a port, and a real Redis. */

const KEY = '5e8b7f9c-7f3a-4b8e-9d51-4c3f2a1b0e9d';
const NOTHING = { status: 200, body: { data: { signatureRequest: null } } };

let nth = 0;
const readOne = ({ ask }: WorkerClient) => ask(`{ signatureRequest(id: "none-${(nth += 1)}") { id } }`);

/** Workers that were started again. */
const startsIn = (lines: readonly Json[]): number =>
  lines.filter(({ msg }) => String(msg) === 'a worker has started').length;

/** The outcome of a mutation with a key, sent to one worker. */
const createDossier = ({ ask }: WorkerClient) =>
  outcomeOf(
    { ask: async (query, variables) => ({ ...(await ask(query, variables)), headers: {} }), upload: refuse },
    'createDossier',
    { title: 'Contratti', documents: DOCUMENTS, idempotencyKey: KEY },
  );
const refuse = (): never => {
  throw new TypeError('these tests upload nothing here');
};

test('both workers answer, and the start is reported once', async () => {
  const gateway = await startTwoWorkers();
  const [one, other] = await gateway.clients();
  expect([one.worker, other.worker].toSorted()).toEqual([1, 2]);
  expect(gateway.output.stdout.match(/^Sigillo: /gm)).toHaveLength(1);
  expect(gateway.output.stdout).toMatch(/^Sigillo: open http:\S+ \(GraphiQL\).*; 2 workers; it talks to /m);
});

test('the workers share the rate budget of the key', async () => {
  const env = { RATE_BUDGET_CALLS: '30', RATE_BUDGET_WINDOW_SECONDS: '2' };
  const { redis, clients } = await startTwoWorkers(env);
  const both = await clients();
  const answers = await Promise.all(
    both.flatMap((client) => Array.from({ length: 40 }, () => readOne(client))),
  );
  expect(answers).toEqual(answers.map(() => NOTHING));
  const [users = '', ...others] = await redis.client.keys('sigillo:{budget:*}:gateways');
  expect(others).toEqual([]);
  expect(await redis.client.zcard(users)).toBe(2);
  // A worker that counted alone would have waited for one more window of its own only, and this one for two of both.
  const [state = ''] = await redis.client.keys('sigillo:{budget:*}:state');
  expect(Number(await redis.client.hget(state, 'left'))).toBeGreaterThanOrEqual(50);
});

test('of concurrent calls with one key to both workers, one creates the dossier', async () => {
  const { sandbox, clients } = await startTwoWorkers();
  const [one, other] = await clients();
  const outcomes = await Promise.all([one, other, one, other].map(createDossier));
  expect(new Set(outcomes.map(({ id }) => id))).toEqual(new Set([expect.stringMatching(/^\w{26}$/)]));
  expect(sandbox.journal.entries({ operationId: 'createDossier' })).toHaveLength(1);
});

test('the workers count the requests of a caller together', async () => {
  const { clients, lines } = await startTwoWorkers({ RATE_LIMIT_PER_MINUTE: '40' });
  const both = await clients();
  for (const { ask } of both) while ((await ask('{ __typename }')).status === 200);
  const isPassed = ({ msg, status }: Json): boolean => String(msg) === 'operation' && Number(status) === 200;
  const passed = lines().filter(isPassed);
  expect(passed).toHaveLength(40);
  expect(new Set(passed.map(({ worker }) => worker)).size).toBe(2);
});

test('the workers count the subscriptions of a caller together, and forget those of workers that are killed', async () => {
  const { sandbox, url, workers, lines } = await startTwoWorkers({ MAX_STREAMS_PER_CALLER: '6' });
  const [request] = (await sandbox.seed({ requests: [{ status: 'DRAFT' }] })).requests;
  const open = () => openStream(url, { query: SUBSCRIPTION, variables: { id: request?.id ?? '' } });
  const openAll = async () => {
    const streams: Awaited<ReturnType<typeof open>>[] = [];
    for (let count = 0; count < 7; count += 1) streams.push(await open());
    expect(streams.map(({ response }) => response.status)).toEqual([200, 200, 200, 200, 200, 200, 429]);
    return streams;
  };
  const [first] = await openAll();
  // An ended one makes room for another.
  first?.leave();
  await expect.poll(async () => (await open()).response.status).toBe(200);
  for (const pid of workers().values()) process.kill(pid, 'SIGKILL');
  await expect.poll(() => startsIn(lines())).toBe(2);
  await openAll();
});

test('the metrics are those of both workers, also after one was killed', async () => {
  const { metric, clients, workers, lines } = await startTwoWorkers();
  const [one, other] = await clients();
  const answered = () => metric('sigillo_operations_total', { operation: 'introspection', outcome: 'ok' });
  const before = (await answered()) ?? 0;
  for (const { ask } of [one, other, one]) await ask('{ __typename }');
  await expect.poll(answered).toBe(before + 3);
  expect(await metric('sigillo_workers')).toBe(2);
  expect(await metric('sigillo_dependency_up', { dependency: 'redis' })).toBe(1);
  expect(await metric('sigillo_breaker_state', { origin: 'service', state: 'closed' })).toBe(1);
  expect(await metric('sigillo_build_info')).toBe(1);
  process.kill(workers().get(one.worker) ?? 0, 'SIGKILL');
  await expect
    .poll(lines)
    .toContainEqual(expect.objectContaining({ msg: 'a worker has started', worker: 3 }));
  expect(await answered()).toBe(before + 3);
  await other.ask('{ __typename }');
  expect(await answered()).toBe(before + 4);
  expect(await metric('sigillo_workers')).toBe(2);
});

test('when a worker is killed under load, only its requests fail, and it is replaced', async () => {
  const { sandbox, clients, workers, lines, url } = await startTwoWorkers();
  const [doomed, other] = await clients();
  sandbox.faults.add({ kind: 'latency', ms: 60_000, operation: 'getSignatureRequest', count: 1 });
  const cutOff = readOne(doomed).catch(() => 'cut off');
  await expect.poll(() => sandbox.faults.list()).toEqual([]);
  let isOver = false;
  const answers: unknown[] = [];
  const load = async (): Promise<void> => {
    while (!isOver) answers.push(await readOne(other));
  };
  const done = load();
  process.kill(workers().get(doomed.worker) ?? 0, 'SIGKILL');
  await expect.poll(lines).toContainEqual({
    level: 50,
    time: expect.any(Number),
    worker: doomed.worker,
    exit: 'SIGKILL',
    restartInMs: 250,
    msg: 'a worker has ended',
  });
  await expect
    .poll(lines)
    .toContainEqual(expect.objectContaining({ msg: 'a worker has started', worker: 3 }));
  isOver = true;
  await done;
  expect(answers).toEqual(answers.map(() => NOTHING));
  expect(await cutOff).toBe('cut off');
  expect(workers().size).toBe(2);
  const [again] = await clients();
  expect(await readOne(again)).toEqual(NOTHING);
  expect((await fetch(new URL('/ready', url))).status).toBe(200);
});

test('a key whose worker is killed continues in another worker', async () => {
  const { sandbox, url, workers, lines } = await startTwoWorkers();
  const files = [await makePdf(), await makePdf({ pages: 2 })];
  const id = sandbox.faults.add({
    kind: 'slow-body',
    ms: 120_000,
    operation: 'createSignatureRequest',
    nth: 1,
    count: 1,
  });
  const cutOff = requestSignature({ url }, { idempotencyKey: KEY }, files).catch(() => 'cut off');
  await expect.poll(() => sandbox.faults.list().some((active) => active.id === id)).toBe(false);
  // Both, because the connection may lead to either.
  for (const pid of workers().values()) process.kill(pid, 'SIGKILL');
  expect(await cutOff).toBe('cut off');
  await expect
    .poll(() => lines().filter(({ msg }) => String(msg) === 'a worker has started'))
    .toHaveLength(2);
  expect(await requestSignature({ url }, { idempotencyKey: KEY }, files)).toMatchObject({
    __typename: 'RequestSignaturePayload',
    signatureRequest: { status: 'WAIT_FOR_SIGNATURE' },
  });
  const { store } = sandbox.snapshot();
  expect([store.dossiers.size, store.requests.size]).toEqual([1, 1]);
});

test('after SIGTERM both workers answer their requests, and the port is closed', async () => {
  const { child, sandbox, clients, url, ended } = await startTwoWorkers();
  const running = await clients();
  sandbox.faults.add({ kind: 'latency', ms: 3_000, operation: 'getSignatureRequest', count: 2 });
  const answers = running.map(readOne);
  await expect.poll(() => sandbox.faults.list()).toEqual([]);
  child.kill('SIGTERM');
  await expect.poll(() => fetch(new URL('/health', url)).catch(() => 'refused')).toBe('refused');
  expect(child.exitCode).toBeNull();
  expect(await Promise.all(answers)).toEqual([NOTHING, NOTHING]);
  const { code, stderr, stdout } = await ended();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/shutting down: /g)).toHaveLength(1);
});

test('a signal to the whole process group, as from a terminal, shuts it down gracefully', async () => {
  const { child, sandbox, clients, workers, ended } = await startTwoWorkers();
  const running = await clients();
  sandbox.faults.add({ kind: 'latency', ms: 2_000, operation: 'getSignatureRequest', count: 2 });
  const answers = running.map(readOne);
  await expect.poll(() => sandbox.faults.list()).toEqual([]);
  for (const pid of [...workers().values(), child.pid ?? 0]) process.kill(pid, 'SIGINT');
  expect(await Promise.all(answers)).toEqual([NOTHING, NOTHING]);
  expect(await ended()).toMatchObject({ code: 0, stderr: '' });
});

test('during SHUTDOWN_DELAY_SECONDS requests are answered, and /ready says that it is stopping', async () => {
  const { child, url, ended } = await startTwoWorkers({ SHUTDOWN_DELAY_SECONDS: '3' });
  child.kill('SIGTERM');
  await expect.poll(async () => (await fetch(new URL('/ready', url))).status).toBe(503);
  expect(await callerAt(url).ask('{ __typename }')).toMatchObject({ status: 200 });
  expect(await ended()).toMatchObject({ code: 0 });
});

test('a second signal ends the primary and its workers immediately', async () => {
  const { child, sandbox, clients, workers, url, ended } = await startTwoWorkers();
  const pids = [...workers().values()];
  sandbox.faults.add({ kind: 'latency', ms: 60_000, operation: 'getSignatureRequest', count: 2 });
  const cutOff = (await clients()).map((client) => readOne(client).catch(() => 'cut off'));
  await expect.poll(() => sandbox.faults.list()).toEqual([]);
  child.kill('SIGTERM');
  await expect.poll(() => fetch(new URL('/health', url)).catch(() => 'refused')).toBe('refused');
  child.kill('SIGTERM');
  expect((await ended()).code).toBe(1);
  expect(await Promise.all(cutOff)).toEqual(['cut off', 'cut off']);
  await expect.poll(() => pids.filter(isRunning)).toEqual([]);
});

test('the workers end with a primary that is killed', async () => {
  const { child, workers } = await startTwoWorkers();
  const pids = [...workers().values()];
  child.kill('SIGKILL');
  await expect.poll(() => pids.filter(isRunning)).toEqual([]);
});

test('SIGTERM to one worker drains it, and it is replaced', async () => {
  const { sandbox, clients, workers, lines } = await startTwoWorkers();
  const [one] = await clients();
  sandbox.faults.add({ kind: 'latency', ms: 1_000, operation: 'getSignatureRequest', count: 1 });
  const answer = readOne(one);
  await expect.poll(() => sandbox.faults.list()).toEqual([]);
  process.kill(workers().get(one.worker) ?? 0, 'SIGTERM');
  expect(await answer).toEqual(NOTHING);
  await expect
    .poll(lines)
    .toContainEqual(expect.objectContaining({ msg: 'a worker has ended', worker: one.worker, exit: 0 }));
  await expect
    .poll(lines)
    .toContainEqual(expect.objectContaining({ msg: 'a worker has started', worker: 3 }));
});

test('a worker that hangs is killed after half a minute, and replaced', async () => {
  const { clients, workers, lines } = await startTwoWorkers();
  const [one] = await clients();
  process.kill(workers().get(one.worker) ?? 0, 'SIGSTOP');
  const killed = { msg: 'a worker does not answer and is killed', worker: one.worker };
  await expect.poll(lines, { timeout: 100_000 }).toContainEqual(expect.objectContaining(killed));
  await expect.poll(() => startsIn(lines())).toBe(1);
}, 240_000);

test('without a key of the service, the workers share one sandbox', async () => {
  const { url: redisUrl } = await startRedis();
  const main = runMain({ WEB_CONCURRENCY: '2', REDIS_URL: redisUrl.href });
  const caller = callerAt(await main.url());
  const made = await outcomeOf(caller, 'createDossier', { title: 'Contratti', documents: DOCUMENTS });
  const reads = Array.from({ length: 6 }, () => caller.ask(`{ dossier(id: "${made.id}") { id } }`));
  for (const { body } of await Promise.all(reads))
    expect(body).toEqual({ data: { dossier: { id: made.id } } });
  const request = await outcomeOf(caller, 'createSignatureRequest', { dossierId: made.id, signerId: SIGNER });
  expect(request.id).toMatch(/^\w{26}$/);
  main.child.kill('SIGTERM');
  expect(await main.ended()).toMatchObject({ code: 0, stderr: '' });
});

test('a port in use is reported once, and it exits', async () => {
  const { url: redisUrl } = await startRedis();
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  // A server that listens on TCP has an address of this form.
  const PORT = String((other.address() as AddressInfo).port);
  const main = runMain({ WEB_CONCURRENCY: '2', REDIS_URL: redisUrl.href, PORT });
  expect(await main.ended()).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^Sigillo could not start\. \S+ is in use\. Set PORT to a free port\.\n$/),
  });
});
